// The intended differences between the new build and the old one, each with its reason.

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
const text = (reason: string, old: string | RegExp, now: string): Difference => ({
  reason,
  diverges: false,
  matches: (before, after) => before.replace(old, now) === after,
});

const OBJECTS = "regions made by fromRanges and insertRegion are placed regions, as all others";

/** A line without these regions, which are objects in the new build alone. */
const without = (line: string) =>
  line.replaceAll(/ram "ram"\(\d+n?, \d+, 0, true, true, \)(, )?/g, "").replaceAll(", ]", "]");

/** A line without the places of regions that are not in the map. */
const startless = (line: string) => line.replaceAll(/\(\d+n?(, \d+n?, -?\d+, false, false, )/g, "($1");

/** A line in which all regions are in the map. */
const allMapped = (line: string) => line.replaceAll(", false, false, ", ", true, true, ");

/** The start of a line that ends so. */
const before = (line: string, end: RegExp) => (end.test(line) ? line.replace(end, "") : undefined);

/** Each is met in a whole run, or it has no place here any more. */
export const differences: readonly Difference[] = [
  text("the interface has another version", "needs 3:", "needs 4:"),
  text(
    "the error for what is no whole page says where: one text for Rust and TypeScript",
    /(at (0x[\da-f]+), .*): address and length must be multiples of 4096$/,
    "$1: guest address $2 or the length is not a multiple of 4096",
  ),
  {
    reason: "the error for an empty range says where: one text for Rust and TypeScript",
    diverges: false,
    matches: (old, now) => {
      const [, start = "0"] = / at (0x[\da-f]+), 0 bytes: it has no bytes$/.exec(old) ?? [];
      const page = `0x${(BigInt(start) & ~0xfffn).toString(16)}`; // a trap is of whole pages
      return [start, page].some((place) => old.replace(/it has no bytes$/, `the range at ${place} is empty`) === now);
    },
  },
  {
    reason: `${OBJECTS}: \`mapped\` lists them`,
    diverges: false,
    matches: (old, now) => /^ *\w+(\.\d+)?('s map|\.mapped) = /.test(old) && without(old) === without(now),
  },
  text(`${OBJECTS}: events name them`, /^( *\w+(?:\.\d+)? hears region.*)"undefined"( from \S+\))$/, '$1"ram"$2'),
  {
    reason: `${OBJECTS}: \`region\` finds them`,
    diverges: false,
    matches: (old, now) =>
      /^ *\w+(\.\d+)?\.region\("ram"\) = /.test(old) && /\) = ram "ram"\(\d+n?, \d+, 0, true, true, \)$/.test(now),
  },
  {
    reason: `${OBJECTS}: aliases show them`,
    diverges: true,
    matches: (old) => old.includes('kind: "alias"') && old.endsWith('of: there is no region "ram" to show'),
  },
  {
    reason: "a watch is given the bytes that it covers, not the whole range of the access",
    diverges: false,
    matches: (old, now) => {
      const [of, part] = [old, now].map((line) => /^ *by (\d+) and (\d+) bytes$/.exec(line)?.slice(1).map(Number));
      if (of === undefined || part === undefined) return false;
      return part.every((length, index) => length <= (of[index] || length));
    },
  },
  {
    reason: "a watch is told what a write replaces, also where the write goes on into a device",
    diverges: false,
    matches: (old, now) => {
      const told = before(now, /, oldValue: \[.*\]\}$/);
      return / watch \d+ sees /.test(old) && told !== undefined && `${told}, oldValue: undefined}` === old;
    },
  },
  {
    reason:
      "a trap is given no bytes, and a watch no others: external memory is asked whether it is there, and for these",
    diverges: true,
    matches: (old, now, all) =>
      [old, now].some((line) => line.trim() === "the source is asked") &&
      all.some((line) => /(trap \d+ springs|watch \d+ sees) /.test(line)),
  },
  {
    reason: "watches see accesses of 2^32 bytes and more",
    diverges: false,
    matches: (old, now) => old === "watches saw " && /^watches saw (read|write) \d+ 4294967296$/.test(now),
  },
  {
    reason: "a region that is not in the map remembers where it was when anybody asked for any region's place",
    diverges: false,
    matches: (old, now) => startless(old) === startless(now),
  },
  {
    reason: "`map` gives its region, also where a listener has unmapped it",
    diverges: false,
    matches: (old, now) => /\.map\(.* = undefined$/.test(old) && / = \w+ "[^"]*"\(.*, false, false, \w*\)$/.test(now),
  },
  {
    reason: "in a transaction, a region that removeRegion has taken out is not in the map",
    diverges: false,
    matches: (old, now) => allMapped(old) === allMapped(now),
  },
  {
    reason: "an alias by name looks at the map: listeners hear of it first, and a disposed memory has none",
    diverges: true,
    matches: (old, now) => {
      const call = before(old, /"NO_MEMORY_REGION"\): of: there is no region "[^"]*" to show$/);
      const heard = / hears mapbegin$/.test(now);
      return call !== undefined && (heard || now === `${call}"DISPOSED"): the memory was disposed`);
    },
  },
  {
    reason: "where regions are forgotten, listeners of other address spaces hear nothing",
    diverges: true,
    matches: (old, now, all) => {
      const [, name] = /^ *(m\d+\.\d+) hears mapbegin$/.exec(old) ?? [];
      const forgets = /^ *(m\d+\.\d+)\.(unmap|transaction|removeRegion)\(/;
      const others = all.some((line) => ![undefined, name].includes(forgets.exec(line)?.[1]));
      return (name !== undefined && others) || (old === "heard memory,bus" && now === "heard bus");
    },
  },
  {
    reason: "events name their regions, also where an earlier listener has unmapped them",
    diverges: false,
    matches: (old, now) => {
      const [, start = "", end = ""] = /^( *\w+(?:\.\d+)? hears region.*)"undefined"( from \S+\))$/.exec(old) ?? [];
      return start !== "" && now.startsWith(`${start}"`) && now.endsWith(`"${end}`);
    },
  },
  {
    reason: "a region that removeRegion has taken out is forgotten, as one that unmap has taken out",
    diverges: false,
    matches: (old, now) => {
      const end =
        / ! GuestMemoryError\/GuestMemoryError\(code "NO_MEMORY_REGION"\): (unmap|of): the region "[^"]*" is not in this machine$/;
      const call = before(startless(now), end);
      return call !== undefined && startless(old).startsWith(`${call} ! `);
    },
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
