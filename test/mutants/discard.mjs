// Faults of the code that discards memory or writes to discarded memory. In the form of mutants.mjs.

const unit = ["test/unit/map/discard.test.ts"];
const memory = ["test/footprint/discard.test.ts"];

/** @typedef {import("./mutants.mjs").Mutant} Mutant */

/** @type {Mutant[]} */
export const facade = [
  {
    file: "ts/space/mover.ts",
    find: '    this.populate(transfer.address, transfer.length, "write");\n',
    replace: "",
    why: "a write into discarded memory for which there is no page has written what lies before",
    vitest: memory,
  },
  {
    file: "ts/space/mover.ts",
    find: "} while (space.generation !== before);",
    replace: "} while (before === undefined);",
    why: "a listener discards what was just given pages, and the zeros that stand in for discarded memory are written",
    vitest: unit,
  },
  {
    file: "ts/access/bulk.ts",
    find: '    mover.populate(address, length, whole ?? "write");\n',
    replace: "",
    why: "the same in bulk, discarded: the first part is written, and then there is no page",
    vitest: memory,
  },
  {
    file: "ts/access/elements.ts",
    find: '      if ((access & ACCESS_WRITE) !== 0) space.mover.populate(address, size, "atomic access");\n',
    replace: "",
    why: "an atomic store to discarded memory writes to the zeros that stand in for it",
    vitest: unit,
  },
  {
    file: "ts/access/elements.ts",
    find: "crosses ? size : 1",
    replace: "size",
    why: "an atomic access at the edge of discarded memory, off its alignment, is said to cross regions",
    vitest: unit,
  },
  {
    file: "ts/access/bulk.ts",
    find: "last.byteOffset + last.length === host",
    replace: "last.byteOffset < host",
    why: "a view goes on where discarded memory has its pages elsewhere, over another machine's",
    vitest: unit,
  },
];

/** @type {Mutant[]} */
export const core = [
  {
    file: "crate/src/machine/discard.rs",
    find: "            written(region, *offset..offset + size);\n",
    replace: "",
    why: "code whose bytes were discarded runs on from a code cache",
    cargo: "traps::",
  },
  {
    file: "crate/src/machine/block.rs",
    find: "                page.fetch_or(old.load(Ordering::Relaxed), Ordering::Relaxed);\n",
    replace: "                let _ = (page, old);\n",
    why: "what was discarded is not reported once it is written elsewhere",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/block.rs",
    find: "            self.mark(page(from)..page(to - 1) + 1, dirty_map::MARK);\n",
    replace: "            let _ = page(from);\n",
    why: "partial pages at the ends of what is discarded are not reported",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/block.rs",
    find: " && self.start / CHUNK == next.start / CHUNK",
    replace: "",
    why: "discarded blocks are joined beyond what there are zeros for",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/memory_map/region.rs",
    find: "false => part.start.next_multiple_of(page),",
    replace: "false => part.start - part.start % page,",
    why: "the page in which the discarded range begins goes as a whole",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/memory_map/flat_view.rs",
    find: "Some(before) if bare && range.continues(before) =>",
    replace: "Some(before) if bare && range.continues(before) && before.start == range.start =>",
    why: "ranges that show one discarded block stay apart, page after page",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/ram_region.rs",
    find: "        self.populate()?;\n        Ok(self.slice",
    replace: "        Ok(self.slice",
    why: "a slice of discarded memory writes to the zeros that stand in for it",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/ram_region.rs",
    find: "self.block.pages_at()? + self.in_pages + offset",
    replace: "self.host_offset() + offset",
    why: "a plain slice of discarded memory writes to the zeros that stand in for it",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/page_table.rs",
    find: "range.memory.as_ref().filter(present)",
    replace: "range.memory.as_ref().filter(|memory| present(memory) || memory.block().is_absent())",
    why: "the table has entries that write to the zeros of discarded memory",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/discard.rs",
    find: "                        space.bytes_moved(map, first, last);\n",
    replace: "                        let _ = (space, first, last);\n",
    why: "the table still names the pages of discarded memory, which somebody else has",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/handle.rs",
    find: "            space.populated(block);\n",
    replace: "            let _ = space;\n",
    why: "what was discarded and is written stays slow in other address spaces, whose JIT keeps an offset in zeros",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/bulk.rs",
    find: "        self.populate(address, length)?;\n",
    replace: "",
    why: "a fill of discarded memory writes to the zeros that stand in for it",
    cargo: "discard::",
  },
  {
    file: "crate/src/machine/bulk.rs",
    find: "        self.populate(to, length)?;\n",
    replace: "",
    why: "a copy to discarded memory writes to the zeros that stand in for it",
    cargo: "discard::",
  },
];

/** @type {Mutant[]} */
export const bindings = [
  {
    file: "crate/src/bindings/access.rs",
    find: "status(space.discard_parts(address, length, |_, _| ()))",
    replace: "status(space.discard(address, length))",
    why: "the core springs a discard's trap before the facade does, and no callback runs until the next call",
    vitest: ["test/unit/space/traps.test.ts"],
  },
  {
    file: "crate/src/linear/allocator.rs",
    find: "        host::detach_views();\n        if readers::wait() {",
    replace: "        if readers::wait() {",
    why: "views of discarded memory live on over another machine's bytes",
    vitest: memory,
  },
  {
    file: "crate/src/machine/memory_map/flat_view.rs",
    find: "            && range.continues(before)\n        {\n            before = range;",
    replace: "            && range.continues(before)\n            && false\n        {\n            before = range;",
    why: "a region of which something was discarded is shown in parts",
    vitest: unit,
  },
];
