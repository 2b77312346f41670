// Faults of streams: loads that fail half-way, sources that are not let go of, streams that read too early.

const loads = ["test/unit/access/load-from.test.ts", "test/unit/access/load-failures.test.ts"];
const streams = ["test/unit/access/streams.test.ts"];

/** @type {import("./mutants.mjs").Mutant[]} */
export const streamFaults = [
  {
    file: "ts/access/load-from.ts",
    find: "        if (ended) break;\n",
    replace: "",
    why: "a chunk that comes after the abort is still written",
    vitest: loads,
  },
  {
    file: "ts/access/load-from.ts",
    find: "      giveUp(reader, error);\n",
    replace: "",
    why: "a download goes on after its load has failed: the source is not cancelled",
    vitest: loads,
  },
  {
    file: "ts/access/load-from.ts",
    find: "else target.expect(length ?? 0);",
    replace: "else target.expect(0);",
    why: "a Blob that is too long is loaded up to the end of memory before it fails",
    vitest: loads,
  },
  {
    file: "ts/space/loader.ts",
    find: "    written?.(length);\n  });",
    replace: "  });\n  written?.(length);",
    why: "the chunk whose listener throws is written, and not counted",
    vitest: loads,
  },
  {
    file: "ts/access/chunks.ts",
    find: "length > limit - done",
    replace: "length > limit - done + 1",
    why: "off by one at a range's end: a stream writes one byte behind it",
    vitest: streams,
  },
  {
    file: "ts/access/stream-access.ts",
    find: "{ highWaterMark: 0 }",
    replace: "{ highWaterMark: 1 }",
    why: "a stream reads memory before its consumer asks",
    vitest: streams,
  },
];
