// The differences that are meant: what the new build does otherwise than the old one, and why.

export interface Difference {
  /** Why the two differ. */
  readonly reason: string;
  /** Whether two lines that differ, of one operation, are this. As narrow as can be. */
  matches(old: string, now: string, operation: string): boolean;
  /**
   * Whether the memories may hold something else afterwards: then the episode ends, since all that follows could differ.
   * For a text that reads otherwise it is false.
   */
  readonly diverges: boolean;
}

/** A text of the old build that reads otherwise in the new one. */
function text(reason: string, old: string | RegExp, now: string): Difference {
  return { reason, diverges: false, matches: (before, after) => before.replace(old, now) === after };
}

/** A region that `fromRanges` or `insertRegion` has made, as an object. */
const UNNAMED = /ram "ram"\([^()]*\)(, )?/g;
const OBJECTS = "regions made by fromRanges and insertRegion are placed regions, as all others";

/** An array of bytes, as show.ts writes it. */
const ARRAY = /\[\d[^\]]*\]/g;

function lengthOf(array: string): number {
  return Number(/(\d+) bytes/.exec(array)?.[1] ?? array.split(" ").length);
}

/** Each is met in a whole run, or it has no place here any more. */
export const differences: readonly Difference[] = [
  text("the interface has another version", "needs 3:", "needs 4:"),
  {
    reason: "an error of the core says where: one text for Rust and TypeScript",
    matches: (old, now) => {
      const [aligned, empty] = [/address and length must be multiples of 4096$/, /it has no bytes$/];
      const moved = (text: RegExp, other: RegExp) => text.test(old) && old.replace(text, "") === now.replace(other, "");
      return (
        moved(aligned, /guest address 0x[\da-f]+ or the length is not a multiple of 4096$/) ||
        moved(empty, /the range at 0x[\da-f]+ is empty$/)
      );
    },
    diverges: false,
  },
  {
    reason: `${OBJECTS}: \`mapped\` lists them`,
    matches: (old, now) => {
      const without = (line: string) => line.replaceAll(UNNAMED, "").replaceAll(", ]", "]");
      return / = \[/.test(old) && / = \[/.test(now) && without(old) === without(now);
    },
    diverges: false,
  },
  {
    reason: `${OBJECTS}: events name them`,
    matches: (old, now) => /hears region(add|remove)/.test(old) && old.replace('"undefined"', '"ram"') === now,
    diverges: false,
  },
  {
    reason: `${OBJECTS}: \`region\` finds them`,
    matches: (old, now) =>
      /\.region\("ram"\) = (undefined|ram "ram".*)$/.test(old) && / = ram "ram"\([^()]*\)$/.test(now),
    diverges: false,
  },
  {
    reason: `${OBJECTS}: aliases show them`,
    matches: (old, _now, operation) =>
      [old, operation].some((line) => /\bmap\(.*kind: "alias".* of: "ram"/.test(line)) ||
      old.endsWith('there is no region "ram" to show'),
    diverges: true,
  },
  {
    reason: "a watch is given the bytes that it covers, not the whole range of the access",
    matches: (old, now) => {
      const without = (line: string) => line.replaceAll(ARRAY, "[]");
      const lengths = (line: string) => [...line.matchAll(ARRAY)].map(([array]) => lengthOf(array));
      const shorter = lengths(now).every((length, index) => length <= (lengths(old)[index] ?? 0));
      return /watch \d+ sees/.test(old) && without(old) === without(now) && shorter;
    },
    diverges: false,
  },
  {
    reason: "a trap is given no bytes: external memory is not asked for what a write to it replaces",
    matches: (old, now) => old.trim() === "the source is asked" && /trap \d+ sees \d+n?$/.test(now),
    diverges: true,
  },
  {
    reason: "watches see accesses of 2^32 bytes and more, and such a copy",
    matches: (old, now, operation) => {
      const seen = old === "watches saw " && /^watches saw (read|write) .* 4294967296$/.test(now);
      const copied = /^long.copyWithin.*OUT_OF_MEMORY/.test(old) && / = undefined$/.test(now);
      return seen || copied || (operation === old && /^then = /.test(old));
    },
    diverges: false,
  },
  {
    reason: "`map` says first that a memory was disposed, then what is wrong with the region",
    matches: (old, now) => / ! (TypeError|RangeError|GuestMemoryError)/.test(old) && /\.map\(.*"DISPOSED"/.test(now),
    diverges: false,
  },
  {
    reason: "a region that was mapped in a transaction that is undone remembers where it was moved in that",
    matches: (old, now) => {
      const without = (line: string) => line.replace(/\(\d+n?, /, "(");
      return /(now|a region =) .* false, false, /.test(old) && without(old) === without(now);
    },
    diverges: false,
  },
  {
    reason: "`map` gives its region, also where a listener has unmapped it",
    matches: (old, now) => /\.map\(.* = undefined$/.test(old) && / = \w+ "[^"]*"\(.*, false, false, \w*\)$/.test(now),
    diverges: false,
  },
  {
    reason: "the interface between the facade and a module has another version",
    matches: (old, now) => old.replace("this facade needs 3", "this facade needs 4") === now,
    diverges: false,
  },
  {
    reason: "fromRanges takes the option `name`, as create does",
    matches: (_, now) => /fromRangesSync\(.*name: 5.*TypeError\(\): name must be a string/.test(now),
    diverges: true,
  },
  {
    reason: "a region that is in no map, and was in one that is disposed, is not in the machine any more",
    matches: (old, now) => / ! /.test(old) && /NO_MEMORY_REGION.* is not in this machine$/.test(now),
    diverges: false,
  },
];

/** Texts that read otherwise; what they say is the same. Old lines are compared as these would write them. */
const TEXTS: readonly (readonly [old: RegExp, now: string])[] = [
  [/another region begins at guest address/, "the range crosses into another region at guest address"],
  [/comes after one with a higher start/, "comes after a region with a higher start"],
  [/: it passes 2\^64, /, ": the range passes 2^64, "],
  [/: it is not permitted at guest address/, ": the access is not permitted at guest address"],
  [/(a device is at guest address 0x[\da-f]+), not memory/, "$1, or external memory"],
];

/** An old line with the new texts. */
export function reworded(old: string): string {
  return TEXTS.reduce((line, [text, now]) => line.replace(text, now), old);
}

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
  renamed("external::Apart", "external::ExternalRun"),
  renamed("GuestMemory::apart", "GuestMemory::external_run"),
  renamed("Fault::place", "Fault::location"),
  renamed("gm_new", "gm_create_empty"),
  renamed("gm_create", "gm_create_staged"),
  renamed("gm_stage", "gm_stage_range"),
  renamed("gm_place", "gm_layout"),
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
