// Faults of the memory map's facade: regions, transactions, watches, the host's accesses. As those of mutants.mjs.

const unit = (/** @type {string[]} */ ...names) => names.map((name) => `test/unit/${name}.test.ts`);

/** @type {import("./mutants.mjs").Mutant[]} */
export const map = [
  {
    file: "ts/map-text.ts",
    find: "b.priority - a.priority",
    replace: "a.priority - b.priority",
    why: "of two regions at one address the text has the hidden one first",
    vitest: unit("map"),
  },
  {
    file: "ts/map-access.ts",
    find: "return ownedBy(contents, space.linear.buffer) ? contents.slice() : contents;",
    replace: "return contents;",
    why: "contents that lie in guest memory are gone when linear memory grows for the new region",
    vitest: unit("map"),
  },
  {
    file: "ts/map-access.ts",
    find: 'has("x", EXECUTE)',
    replace: 'has("r", EXECUTE)',
    why: "what may be read may be executed",
    vitest: unit("map"),
  },
  {
    file: "ts/space.ts",
    find: "      if (!this.disposed) raw.gm_roll_back(this.handle);",
    replace: "      if (!this.disposed) raw.gm_commit(this.handle);",
    why: "a transaction that throws takes effect",
    vitest: unit("map"),
  },
  {
    file: "ts/space.ts",
    find: "    this.#heard = now; // first, because a listener may change the map again\n    tellChanges(this, this.#events, before, now);",
    replace: "    tellChanges(this, this.#events, before, now);\n    this.#heard = now;",
    why: "after a listener has changed the map, the next change is told from an old view",
    vitest: unit("map"),
  },
  {
    file: "ts/watch.ts",
    find: "while (this.#end(id, entry.address, entry.length));",
    replace: "this.#end(id, entry.address, entry.length);",
    why: "the end of a trap with holes in it leaves pages slow",
    vitest: unit("watch"),
  },
  {
    file: "ts/watch.ts",
    find: "    linear.replace(); // thousands of watches make linear memory grow\n",
    replace: "",
    why: "the watch for which linear memory grows has no number, and cannot be ended",
    vitest: unit("watch"),
  },
  {
    file: "ts/watch.ts",
    find: "    for (const id of ids) {\n      const entry = this.#entries.get(id); // an earlier callback may have ended it\n",
    replace:
      "    const entries = new Map(this.#entries);\n    for (const id of ids) {\n      const entry = entries.get(id);\n",
    why: "a watch that an earlier callback has ended is told once more",
    vitest: unit("watch"),
  },
  {
    file: "ts/slow-path.ts",
    find: "      handlers = this.#handlersOf(address, size); // a callback may do anything\n",
    replace: "",
    why: "a handler for holes takes a write although a callback has mapped RAM there",
    vitest: unit("watch"),
  },
  {
    file: "ts/bulk.ts",
    find: "const reached = whole ? length : mover.reach(address, length, WRITE);",
    replace: "const reached = length;",
    why: "a watch behind a hole is told of a write that stops before it",
    vitest: unit("watch"),
  },
  {
    file: "ts/resolver.ts",
    find: "if ((host & (size - 1)) !== 0) throw misaligned",
    replace: "if (host < 0) throw misaligned",
    why: "an atomic access to a region that was moved off its alignment goes to other bytes",
    vitest: unit("map"),
  },
  {
    file: "ts/host-access.ts",
    find: 'space.mover.expect(address, length, 0, "poke", true);',
    replace: 'space.mover.expect(address, length, 0, "poke");',
    why: "a loader's write goes to a device",
    vitest: unit("host-access"),
  },
  {
    file: "ts/host-access.ts",
    find: "Math.min(bytes.length - done, 0x4000_0000), 0);",
    replace: "Math.min(bytes.length - done, 0x4000_0000), READ);",
    why: "a debugger does not see what the guest may not read",
    vitest: unit("host-access"),
  },
  {
    file: "ts/dma-range.ts",
    find: "    if (BigInt(offset) + BigInt(length) > BigInt(this.length)) {",
    replace: "    if (BigInt(offset) > BigInt(this.length)) {",
    why: "a device reaches what lies behind its range",
    vitest: unit("host-access"),
  },
  {
    file: "ts/dma-range.ts",
    find: '    mover.expect(at, length, WRITE, "dma write");\n',
    replace: "",
    why: "a watch is told of a transfer that is refused",
    vitest: unit("watch"),
  },
  {
    file: "ts/ranges.ts",
    find: "const status = watched\n      ? NOT_MEMORY\n",
    replace: "const status = watched && source.linear === linear\n      ? NOT_MEMORY\n",
    why: "a copy between two modules is not seen",
    vitest: unit("watch"),
  },
  {
    file: "ts/dma-range.ts",
    find: 'alone.device.read(alone.offset, size, "dma", at)',
    replace: 'alone.device.read(alone.offset, size, "cpu", at)',
    why: "a device is told that the CPU asks, where another device does",
    vitest: unit("host-access"),
  },
  {
    file: "ts/dma-range.ts",
    find: "return count < size ? undefined :",
    replace: "return",
    why: "of a device's scalar that ends outside a region, that region's device gets all",
    vitest: ["test/properties/map-operations.test.ts"],
  },
];
