// The differences that are meant: what the new build does otherwise than the old one, and why.

export interface Difference {
  /** Why the two differ. */
  readonly reason: string;
  /** Whether two lines that differ, of one operation, are this. As narrow as can be. `all`: the old build's lines. */
  matches(old: string, now: string, all: readonly string[]): boolean;
  /**
   * Whether the memories may hold something else afterwards: then the episode ends, since all that follows could differ.
   * For a text that reads otherwise it is false.
   */
  readonly diverges: boolean;
}

/** Another text, which is made of the old one. */
const reads = (reason: string, old: string | RegExp, now: string): Difference => ({
  reason,
  diverges: false,
  matches: (before, after) => before.replace(old, now) === after,
});

/** An error's text that is now the core's. */
const coreSays = (old: RegExp, now: string): Difference => reads(`an error's text is the core's: ${now}`, old, now);

/** Regions in a list that were made by their range alone. */
const BARE = /ram "ram"\(\d+n?, \d+, 0, true, true, \)(, )?/g;

/** Each is met in a whole run, or it has no place here any more. */
export const differences: readonly Difference[] = [
  reads("the interface has another version", "needs 3:", "needs 4:"),
  coreSays(/: it passes 2\^64, (\d+ bytes after its start)$/, ": the range passes 2^64, $1"),
  coreSays(/: another region begins at (guest address \w+)$/, ": the range crosses into another region at $1"),
  coreSays(/ comes after one with a higher start$/, " comes after a region with a higher start"),
  coreSays(/: it is not permitted at (guest address \w+)$/, ": the access is not permitted at $1"),
  coreSays(/: a device is at (guest address \w+), not memory$/, ": a device is at $1, or external memory"),
  coreSays(
    /(at (0x[0-9a-f]+), .*): address and length must be multiples of 4096$/,
    "$1: guest address $2 or the length is not a multiple of 4096",
  ),
  {
    reason: "an error's text is the core's: the range at $1 is empty",
    diverges: false,
    matches: (old, now) => {
      const [, place, address] = /( at (0x[0-9a-f]+), 0 bytes): it has no bytes$/.exec(old) ?? [];
      if (place === undefined) return false;
      const page = `0x${(BigInt(address as string) & ~0xfffn).toString(16)}`; // a trap is of whole pages
      const texts = [address, page].map((start) => `${place}: the range at ${start} is empty`);
      return texts.some((text) => old.replace(`${place}: it has no bytes`, text) === now);
    },
  },
  {
    reason: "regions made by their ranges are in `mapped`",
    diverges: false,
    matches: (old, now) => /^ *\w+(\.\d+)?('s map|\.mapped) = /.test(old) && without(old) === without(now),
  },
  {
    reason: "regions made by their ranges are found by their name",
    diverges: false,
    matches: (old, now) =>
      /^ *\w+(\.\d+)?\.region\("ram"\) = /.test(old) && /\) = ram "ram"\(\d+n?, \d+, 0, true, true, \)$/.test(now),
  },
  reads(
    "events tell of regions made by their ranges",
    /^( *\w+(?:\.\d+)? hears .*)"undefined"( from \S+\))$/,
    '$1"ram"$2',
  ),
  {
    reason: "events of watches have only the bytes that the watch covers",
    diverges: false,
    matches: (old, now) => {
      const [before = 0, after = 0] = [old, now].map((line) => Number(/^ *by (\d+) bytes$/.exec(line)?.[1]));
      return before > after;
    },
  },
  {
    reason: "aliases show regions made by their ranges by their name",
    diverges: true,
    matches: (old) =>
      old.includes('kind: "alias"') && old.endsWith('(code "NO_MEMORY_REGION"): of: there is no region "ram" to show'),
  },
  {
    reason: "bytes that no watch covers are not asked for",
    diverges: true,
    matches: (old, _now, all) =>
      /^ *the source is asked$/.test(old) && all.some((line) => /(trap \d+ springs|watch \d+ sees) /.test(line)),
  },
  {
    reason: "a region that removeRegion took out is forgotten, as one that unmap took out",
    diverges: false,
    matches: (old, now) => {
      const call = (line: string, end: RegExp) => (end.test(line) ? line.replace(end, "") : undefined);
      const refused = call(
        old,
        /"NO_MEMORY_REGION"(, address \d+n?, length \d+n?)?\): (unmap|map at \w+, \d+ bytes): there is no such region$/,
      );
      return (
        refused !== undefined &&
        refused === call(startless(now), /"NO_MEMORY_REGION"\): (unmap|of): the region "[^"]*" is not in this machine$/)
      );
    },
  },
  {
    reason: "`start` of a region that is not in the map is the last that anybody asked for, of any region",
    diverges: false,
    matches: (old, now) => startless(old) === startless(now),
  },
];

/** A line without the regions that were made by their ranges alone. */
const without = (line: string) => line.replaceAll(BARE, "").replaceAll(", ]", "]");

/** A line without the places of regions that are not in the map. */
const startless = (line: string) => line.replaceAll(/\(\d+n?(, \d+n?, -?\d+, false, false, )/g, "($1");

/** A name that is meant to differ. */
export interface NameDifference {
  readonly reason: string;
  /** Whether a line is this: `- declaration: ...` for what is gone, `+ rust: ...` for what is new. */
  readonly matches?: (line: string) => boolean;
  /** Makes the new line of an old one, for a name that is used in many places. */
  readonly rename?: (old: string) => string;
}

const renamed = (old: string, now: string): NameDifference => ({
  reason: `${old} is ${now}`,
  rename: (line) => line.replaceAll(new RegExp(`\\b${old}\\b`, "g"), now),
});

const listed = (reason: string, ...lines: string[]): NameDifference => ({
  reason,
  matches: (line) => lines.includes(line),
});

/** The type of a Wasm function of so many numbers. */
function wasmFunction(parameters: number): string {
  const list = Array.from({ length: parameters }, (_, index) => `${String.fromCharCode(97 + index)}: number`);
  return `(${list.join(", ")}) => number`;
}

/** The classes from which GuestMemory inherited. */
const BASES =
  /^- (property: exports|declaration: (static |class |new |hidden new )?)\.?(ScalarFields|AtomicFields|ByteAccess|RegionAccess|MapAccess|HostAccess)\b/;

export const names: readonly NameDifference[] = [
  renamed("Wide", "U64Like"),
  renamed("Narrower", "NarrowAccessRule"),
  renamed("Peeked", "PeekResult"),
  renamed("ErrorPlace", "ErrorDetails"),
  { reason: "GuestMemory is put together, and inherits no public class", matches: (line) => BASES.test(line) },
  listed(
    "a region of the flat view says what placed region it comes from",
    "+ property: GuestRegion.mapped: getter  configurable",
    "+ declaration: GuestRegion.readonly mapped: MappedRegion<A> | undefined",
  ),
  listed(
    "constructors of what the library makes take other parameters",
    "- property: exports.GuestRegion: function of 3 arguments writable, enumerable, configurable, own",
    "+ property: exports.GuestRegion: function of 2 arguments writable, enumerable, configurable, own",
    "- property: exports.MappedRegion: function of 2 arguments writable, enumerable, configurable, own",
    "+ property: exports.MappedRegion: function of 1 arguments writable, enumerable, configurable, own",
    '- declaration: new DmaRange(space: object, address: U64Like, length: U64Like, access: "read" | "write"): DmaRange',
    '+ declaration: new DmaRange(parts: object, address: U64Like, length: U64Like, access: "read" | "write"): DmaRange',
    "- declaration: new GuestRegion<A extends number | bigint = number>(start: A, size: number, host: number): GuestRegion<A>",
    "+ declaration: new GuestRegion<A extends number | bigint = number>(space: object, range: object): GuestRegion<A>",
    "- declaration: new MappedRegion<A extends number | bigint = number>(space: object, making: object): MappedRegion<A>",
    "+ declaration: new MappedRegion<A extends number | bigint = number>(region: object): MappedRegion<A>",
    "- declaration: new Watch(space: object, id: number): Watch",
    "+ declaration: new Watch(watchers: object, id: number): Watch",
  ),
  listed(
    "a region is asked for by a request block",
    `- wasm: export const gm_map: ${wasmFunction(12)};`,
    `+ wasm: export const gm_map: ${wasmFunction(1)};`,
  ),
  listed("the core walks over pieces in one way", `- wasm: export const gm_forward_run: ${wasmFunction(4)};`),
  listed(
    "watches are asked for with lengths of 64 bits",
    `- wasm: export const gm_watchers: ${wasmFunction(6)};`,
    `+ wasm: export const gm_watchers: ${wasmFunction(7)};`,
  ),
];
