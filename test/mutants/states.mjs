// Faults of snapshots, in the form of mutants.mjs.

const unit = (/** @type {string[]} */ ...names) => names.map((name) => `test/unit/state/${name}.test.ts`);
const random = ["test/properties/states.test.ts"];

/** @type {import("./mutants.mjs").Mutant[]} */
export const states = [
  {
    file: "ts/space/change-log.ts",
    find: "const behind = Math.ceil((Number(start) + length) / PAGE);",
    replace: "const behind = Math.floor((Number(start) + length) / PAGE);",
    why: "the last page of a region that is no multiple of a page is never changed",
    vitest: random,
  },
  {
    file: "ts/space/change-log.ts",
    find: "      if (epoch.number <= oldest) continue;",
    replace: "      if (epoch.number <= this.#number - 1) continue;",
    why: "a chain forgets the changes that another one has seen",
    vitest: unit("snapshot"),
  },
  {
    file: "ts/space/change-log.ts",
    find: "    if (runs?.size !== 0) this.#epochs.push",
    replace: "    if (runs && runs.size !== 0) this.#epochs.push",
    why: "without a dirty client nothing seems to have changed",
    vitest: unit("snapshot"),
  },
  {
    file: "ts/space/change-log.ts",
    find: "    if (last && first <= last[1]) last[1] = Math.max(last[1], behind);",
    replace: "    if (last && first <= last[1]) last[1] = behind;",
    why: "joined epochs lose the end of a longer run",
    vitest: random,
  },
  {
    file: "ts/state/region-pages.ts",
    find: "[Math.floor(from / PAGE), Math.ceil(to / PAGE)]",
    replace: "[Math.ceil(from / PAGE), Math.ceil(to / PAGE)]",
    why: "a full snapshot leaves out the beginning of what a host page holds of two pages",
    vitest: random,
  },
  {
    file: "ts/state/region-pages.ts",
    find: "      if (!this.record.external) this.#linear.markDirty(host, count);",
    replace: "",
    why: "a restoration is not dirty for the other clients",
    vitest: unit("restore"),
  },
  {
    file: "ts/state/pages.ts",
    find: "      if (number * PAGE >= pages.size) return undefined; // a section may have been shorter once",
    replace: "",
    why: "a section that was cut and grew again shows what it had before",
    vitest: unit("snapshot"),
  },
  {
    file: "ts/state/snapshot.ts",
    find: "  for (let number = Math.ceil(base.size / PAGE); number < behind; number++) numbers.add(number);",
    replace: "",
    why: "a merged section shows what a shorter one had hidden",
    vitest: unit("snapshot"),
  },
  {
    file: "ts/state/snapshot.ts",
    find: "base.base !== undefined || !source.isZero(number)",
    replace: "!source.isZero(number)",
    why: "a merged delta shows its base's bytes where the later one has zeros",
    vitest: random,
  },
  {
    file: "ts/state/restore.ts",
    find: "    if (mark) log.move(space, mark);",
    replace: "    if (mark) void mark.epoch;",
    why: "a reset goes on comparing all pages that were ever written since the snapshot",
    vitest: unit("cost"),
  },
  {
    file: "ts/state/bring-back.ts",
    find: "  if (prepare(space, differences)) {",
    replace: "  prepare(space, differences);\n  if (false) {",
    why: "a byte that a trap's callback writes stays",
    vitest: unit("restore"),
  },
  {
    file: "ts/state/bring-back.ts",
    find: "        traps.spring(start, length, ACCESS_LOAD);",
    replace: "",
    why: "a JIT keeps the code of pages that a restoration has changed",
    vitest: unit("restore"),
  },
  {
    file: "ts/state/map-state.ts",
    find: "permissions, PROTECT_ANYWHERE);",
    replace: "permissions, 0);",
    why: "protection of addresses that nothing maps does not come back",
    vitest: unit("restore"),
  },
  {
    file: "ts/state/map-state.ts",
    find: "(place.target !== target || place.offset !== offset)",
    replace: "place.target !== target",
    why: "an alias of the same target stays at the bytes that it was moved to",
    vitest: random,
  },
];
