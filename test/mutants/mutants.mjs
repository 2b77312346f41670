// Faults of the kinds that happen, one line each: where, what, why somebody might write it, and the test that must see it.
import { backends } from "./backends.mjs";
import * as discard from "./discard.mjs";
import { map } from "./map.mjs";

/**
 * @typedef {object} Mutant
 * @property {string} file the file with the fault
 * @property {string} find what stands there, exactly once
 * @property {string} replace what a tired author wrote instead
 * @property {string} why what goes wrong by it
 * @property {string[]} [vitest] arguments of vitest: the test files that must go red, and `-t` with a name
 * @property {string} [cargo] the native test of the core that must go red
 * @property {string} [features] the features it needs, if not all
 */

const unit = (/** @type {string[]} */ ...names) => names.map((name) => `test/unit/${name}.test.ts`);
const scalar = (/** @type {string} */ name) => [...unit("scalars"), "-t", name];

/** @type {Mutant[]} the facade's: no rebuild */
const facade = [
  {
    file: "ts/accessors.ts",
    find: `        u8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] = number;
        dirty[entry >>> 4] = MARK;`,
    replace: "        u8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] = number;",
    why: "a lost dirty mark: a byte store on the fast path",
    vitest: unit("dirty"),
  },
  {
    file: "ts/accessors.ts",
    find: "data.getUint32(host, false)",
    replace: "data.getUint32(host, true)",
    why: "a swapped endianness: readUint32BE, on the fast path alone",
    vitest: scalar("readUint32BE|Uint32BE is"),
  },
  {
    file: "ts/accessors.ts",
    find: "slow.load(address, 8).getFloat64(0, false)",
    replace: "slow.load(address, 8).getFloat64(0, true)",
    why: "a swapped endianness: readFloat64BE, on the slow path alone",
    vitest: scalar("Float64BE is"),
  },
  {
    file: "ts/accessors.ts",
    find: "(guest & 0xfff) + last > 0xfff) return -1;",
    replace: "(guest & 0xfff) + last > 0x1000) return -1;",
    why: "off by one at a page's end: the last byte comes from the next host page",
    vitest: ["test/properties/operations.test.ts"],
  },
  {
    file: "ts/accessors.ts",
    find: "if ((entry & flag) === 0 || guest !== address ||",
    replace: "if ((entry & flag) === 0 ||",
    why: "an address past 2^32 is taken modulo 2^32",
    vitest: ["test/properties/operations.test.ts"],
  },
  {
    file: "ts/resolver.ts",
    find: "length <= this.#end - address &&",
    replace: "length <= this.#end - address + 1 &&",
    why: "off by one at a region's end: a slice may take one byte of the neighbour",
    vitest: unit("bulk"),
  },
  {
    file: "ts/resolver.ts",
    find: "      this.#space.control[0] === this.#generation &&\n",
    replace: "",
    why: "a stale translation after a remap: bulk accesses go by the region of the last one",
    vitest: unit("regions"),
  },
  {
    file: "ts/resolver.ts",
    find: 'if ((wide.low & (size - 1)) !== 0) throw misaligned("not");',
    replace: 'if ((wide.low & (size - 1)) !== 0 && size > 4) throw misaligned("not");',
    why: "a misaligned atomic access is let through where its bytes happen to be aligned in linear memory",
    vitest: unit("map"),
  },
  {
    file: "ts/atomics.ts",
    find: "    if (resolver.cells === linear) linear.dirty[host >>> 12] = MARK;\n",
    replace: "",
    why: "a lost dirty mark: atomics",
    vitest: unit("atomics"),
  },
  {
    file: "ts/mover.ts",
    find: "const nextLow = low + (done % HIGH);",
    replace: "const nextLow = low + (done % HIGH) - (done > 0 ? 1 : 0);",
    why: "the second piece of a scalar that crosses regions begins one byte early",
    vitest: ["test/properties/operations.test.ts"],
  },
  {
    file: "ts/mover.ts",
    find: "high + Math.floor(done / HIGH) + (nextLow >= HIGH ? 1 : 0)",
    replace: "high + Math.floor(done / HIGH)",
    why: "a scalar over 4 GiB reads its second half at 0: no carry",
    vitest: scalar("BigUint64 is"),
  },
  {
    file: "ts/slow-path.ts",
    find: "        dirty[host >>> 12] = 0xff;\n",
    replace: "",
    why: "a lost dirty mark: scalars on the slow path",
    vitest: unit("dirty"),
  },
  {
    file: "ts/slow-path.ts",
    find: "      place.generation === this.#space.control[0] &&\n",
    replace: "",
    why: "a device that was unmapped still gets accesses, because it is remembered",
    vitest: unit("mmio-failures"),
  },
  {
    file: "ts/slow-path.ts",
    find: "size <= place.end - address",
    replace: "address < place.end",
    why: "an access over the end of a device goes to the device as a whole, once that is remembered",
    vitest: unit("mmio-handlers"),
  },
  {
    file: "ts/slow-path.ts",
    find: "this.#bytes.slice(0, size); // a callback or a handler",
    replace: "this.#bytes.subarray(0, size); // a callback or a handler",
    why: "a handler's own access changes what is still to be written",
    vitest: unit("mmio-canaries"),
  },
  {
    file: "ts/slow-path.ts",
    find: 'if (typeof this.#given === "number") return this.#given;',
    replace: 'if (typeof this.#given === "number") return this.#given >>> 0;',
    why: "what a handler gives is changed: a negative number becomes a large one",
    vitest: unit("mmio-handlers"),
  },
  {
    file: "ts/mover.ts",
    find: "      space.enter();\n      const { linear } = space;",
    replace: "      const { linear } = space;",
    why: "what was resolved before a handler is used after it: arrays that growth has detached",
    vitest: unit("mmio-canaries"),
  },
  {
    file: "ts/mover.ts",
    find: "    if (memory === u8 && count > 0) dirty.fill(MARK, at >>> 12, ((at + count - 1) >>> 12) + 1);\n",
    replace: "",
    why: "a lost dirty mark: memory behind a device",
    vitest: unit("mmio-access"),
  },
  {
    file: "ts/bound-device.ts",
    find: "putBytes(bytes, offset - start, value, size);",
    replace: "putBytes(bytes, 0, value, size);",
    why: "a byte that is written to a wide register lands in its first byte",
    vitest: unit("mmio-handlers"),
  },
  {
    file: "ts/bound-device.ts",
    find: "(at % size !== 0 && (free & size) === 0)",
    replace: "false",
    why: "a handler gets offsets that are not at a multiple of its size",
    vitest: unit("mmio-handlers"),
  },
  {
    file: "ts/bound-device.ts",
    find: "if (size === transfer.length) throw error;",
    replace: "if (size === length) throw error;",
    why: "an error does not say how many bytes were moved where the device's own piece is one call",
    vitest: unit("mmio-failures"),
  },
  {
    file: "ts/bound-device.ts",
    find: " ? 2 ** Math.floor(Math.log2(Math.max(sizes, 1))) : 8;",
    replace: " ? Math.max(sizes & -sizes, 1) : 8;",
    why: "a wide access is split into the narrowest parts",
    vitest: unit("mmio-handlers"),
  },
  {
    file: "ts/bulk.ts",
    find: "        keep(into, target, transfer.done);\n",
    replace: "",
    why: "what was read before a handler threw is lost",
    vitest: unit("mmio-failures"),
  },
  {
    file: "ts/bulk.ts",
    find: '      this.#space.mover.expect(address, length, WRITE, "writeSlice");\n',
    replace: "",
    why: "a device is written before it is known that the range ends in ROM",
    vitest: unit("mmio-failures"),
  },
  {
    file: "ts/watch.ts",
    find: "    if (disposed) return ids; // by a handler, in the middle of an access\n",
    replace: "",
    why: "after a handler disposes, whatever the core said last is taken for the watches",
    vitest: unit("mmio-failures"),
  },
  {
    file: "ts/bulk.ts",
    find: "const last = (host + length - 1) >>> 12;",
    replace: "const last = (host + length) >>> 12;",
    why: "a page too many is marked where a write ends with its page",
    vitest: unit("dirty"),
  },
  {
    file: "ts/bulk.ts",
    find: "part(bytes, 0, length).slice() : bytes",
    replace: "bytes : bytes",
    why: "a write from the guest's own view reads, in its second piece, what the first has overwritten",
    vitest: unit("buffers"),
  },
  {
    file: "ts/bulk.ts",
    find: "    this.#expose(address, length);\n    return new Uint8Array(",
    replace: "    return new Uint8Array(",
    why: "bytes that were shown are not zeroed for their next owner",
    vitest: ["test/memory/isolation.test.ts"],
  },
  {
    file: "ts/wide.ts",
    find: "if (!Number.isSafeInteger(value) || value < 0) throw notWide(value, what);",
    replace: "if (!Number.isInteger(value) || value < 0) throw notWide(value, what);",
    why: "a number past 2^53 is taken for an address, rounded",
    vitest: [...unit("arguments"), "-t", "readBytes|checkRange"],
  },
  {
    file: "ts/wide.ts",
    find: "if (value < 0n || value >= LIMIT) throw notWide(value, what);",
    replace: "if (value < 0n || value > LIMIT) throw notWide(value, what);",
    why: "2^64 is taken for address 0",
    vitest: [...unit("arguments"), "-t", "readBytes|checkRange"],
  },
  {
    file: "ts/linear-memory.ts",
    find: "    for (const member of members) member.arraysReplaced();\n",
    replace: "",
    why: "accessors over detached arrays: after growth by one memory the others' reads go wrong",
    vitest: unit("regions", "views"),
  },
  {
    file: "ts/space.ts",
    find: "    linear.raw.gm_dispose(handle);\n",
    replace: "",
    why: "a memory that was dropped keeps its regions for ever",
    vitest: unit("finalisation"),
  },
  {
    file: "ts/ranges.ts",
    find: "if (sum >= LIMIT || this.#space.regionAt(sum) === undefined) return undefined;",
    replace: "if (this.#space.regionAt(BigInt.asUintN(64, sum)) === undefined) return undefined;",
    why: "an unchecked add: checkedOffset wraps at 2^64",
    vitest: unit("regions"),
  },
  {
    file: "ts/search.ts",
    find: "    at = found;\n",
    replace: "    at = found + BigInt(prefix.length - 1);\n",
    why: "a search skips what begins inside an almost-match",
    vitest: unit("bulk"),
  },
  {
    file: "ts/dirty.ts",
    find: "    let [low, high, more] = [0, 0, 1];\n    while (more) {",
    replace: "    let [low, high, more] = [0, 0, 1];\n    if (more) {",
    why: "ranges beyond the core's first report are lost",
    vitest: unit("dirty"),
  },
];

/** @type {Mutant[]} the core's, seen by its own tests: a native rebuild */
const core = [
  {
    file: "crate/src/guest_memory/coverage.rs",
    find: "if last.unchecked_offset_from(base) >= to_last {",
    replace: "if last.unchecked_offset_from(base) + 1 >= to_last {",
    why: "off by one at a region's end: the byte behind it counts as backed",
    cargo: "span::",
  },
  {
    file: "crate/src/span.rs",
    find: "if length - 1 > last - address {",
    replace: "if length > last - address {",
    why: "off by one at a region's end: its last byte is no part of a run",
    cargo: "span::",
  },
  {
    file: "crate/src/layout.rs",
    find: ".checked_add(extra)",
    replace: ".checked_add(extra).or(Some(start.0.wrapping_add(extra)))",
    why: "an unchecked add: a region past 2^64 is let in, and wraps",
    cargo: "layout::",
  },
  {
    file: "crate/src/bulk.rs",
    find: "            dirty_map::mark_bytes(run.host, run.length);\n            done += run.length as u64;",
    replace: "            done += run.length as u64;",
    why: "a lost dirty mark: fill",
    cargo: "dirty_log::",
  },
  {
    file: "crate/src/bulk.rs",
    find: "self.pairs(backward).skip(index + 1);",
    replace: "self.pairs(backward).skip(index + 2);",
    why: "an overlapping copy over a region boundary reads what it has just written",
    cargo: "bulk::",
  },
  {
    file: "crate/src/bulk.rs",
    find: "        target.check_memory(to, length, Access::WRITE)?;\n",
    replace: "",
    why: "a copy into a hole is half done before it stops",
    cargo: "bulk::",
  },
  {
    file: "crate/src/memory_map/placement.rs",
    find: ".max_by_key(|placement| placement.priority);",
    replace: ".min_by_key(|placement| placement.priority);",
    why: "the lowest priority is seen",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/memory_map/placement.rs",
    find: "            && changed.enabled\n",
    replace: "",
    why: "a hidden region is in another's way",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/memory_map/flat_view.rs",
    find: "            joined.push(cut.part(last + 1, cut.last));\n",
    replace: "",
    why: "what lies behind a window is lost",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/memory_map.rs",
    find: "            (RegionKind::Rom, _) if access.has(Access::WRITE) => Shown::ReadOnly,\n",
    replace: "",
    why: "a device writes ROM",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/memory_map/watch.rs",
    find: "                attributes.change(from.max(first_page), to.min(last_page), 0, bits)?;\n",
    replace: "",
    why: "the end of one watch ends another on the same page",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/address_space/changes.rs",
    find: "Undo::Protected => drop(self.changes.protections.pop()),",
    replace: "Undo::Protected => {}",
    why: "what a transaction protects stays protected though it is taken back",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/address_space/changes.rs",
    find: "        if self.changes.undo.is_empty() {\n            return self.map.check(",
    replace: "        if length > 0 {\n            return self.map.check(",
    why: "a region that is mapped in a transaction cannot be protected in it",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/address_space/changes.rs",
    find: "                Undo::Changed(index, placement) => self.placements[index] = placement,\n",
    replace: "                Undo::Changed(..) => {}\n",
    why: "a transaction that fails is half done",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/page_table.rs",
    find: "if host as u64 & 0xfff != from & 0xfff {",
    replace: "if false {",
    why: "bytes that moved inside their pages are read from the wrong place",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/page_table.rs",
    find: "let end = (last >> PAGE_SHIFT) + u64::from(last & 0xfff == 0xfff);",
    replace: "let end = (last >> PAGE_SHIFT) + 1;",
    why: "off by one at a region's end: its partial last page gets an entry",
    cargo: "page_table::",
  },
  {
    file: "crate/src/bulk.rs",
    find: "        apart\n            ||",
    replace: "        apart\n            || backward\n            ||",
    why: "a copy between aliases of the same bytes overwrites what it has not read",
    cargo: "bulk::",
  },
  {
    file: "crate/src/dirty_log.rs",
    find: "                dirty_map::clear(&marks[page..end], 1 << client);\n",
    replace: "                dirty_map::clear(&marks[page..end], dirty_map::MARK);\n",
    why: "one client's collection takes the marks of the others",
    cargo: "dirty_log::",
  },
  {
    file: "crate/src/search.rs",
    find: "carried = carried_at_most.min(filled);",
    replace: "carried = 0;",
    why: "a search misses what lies across two of its windows",
    cargo: "search::",
  },
  {
    file: "crate/src/handle.rs",
    find: ".filter(|slot| slot.uses == handle >> SLOT_BITS)?\n        .space",
    replace: "?\n        .space",
    why: "the handle of a disposed machine names its successor",
    cargo: "handle::",
  },
];

/** @type {Mutant[]} the core's, seen only through the facade: a rebuild of the .wasm */
const bindings = [
  {
    file: "crate/src/allocator.rs",
    find: "        host::detach_views();\n        zero(*run);",
    replace: "        host::detach_views();",
    why: "a new machine reads what an old one wrote",
    vitest: ["test/memory/isolation.test.ts"],
  },
  {
    file: "crate/src/page_table.rs",
    find: "        self.write(low >> PAGE_SHIFT, (high >> PAGE_SHIFT) + 1, |_| 0);\n",
    replace: "",
    why: "a stale table after a remap: a removed region can still be read and written",
    vitest: unit("regions"),
  },
  {
    file: "crate/src/address_space/changes.rs",
    find: "        self.table.bump_generation();\n",
    replace: "",
    why: "nobody is told that a region is gone",
    vitest: unit("events"),
  },
  {
    file: "crate/src/bindings/mod.rs",
    find: "[value as u32, (value >> 32) as u32]",
    replace: "[(value >> 32) as u32, value as u32]",
    why: "the halves of what is reported are swapped",
    vitest: unit("regions"),
  },
  {
    file: "crate/src/allocator.rs",
    find: "        dirty_map::set_marks(to, marks);\n",
    replace: "",
    why: "a region that is moved loses its dirty pages",
    vitest: ["test/memory/moves.test.ts"],
  },
  {
    file: "crate/src/compaction.rs",
    find: "                space.bytes_moved(map, range.start, range.last);\n",
    replace: "",
    why: "a stale table after a move: a machine reads another's bytes",
    vitest: ["test/memory/moves.test.ts"],
  },
  {
    file: "crate/src/host.rs",
    find: "        if pages <= left {",
    replace: "        if false {",
    why: "a small guest makes linear memory grow, and every typed array slower",
    vitest: unit("initial-memory"),
  },
  {
    file: "crate/src/host.rs",
    find: "        let joins = left != 0 && size() == room.end;",
    replace: "        let joins = left != 0;",
    why: "a guest gets pages that somebody else has made linear memory grow for",
    vitest: unit("initial-memory"),
  },
  {
    file: "crate/src/host.rs",
    find: "            room::take(pages);\n",
    replace: "",
    why: "two guests, or a guest and the heap, have the same pages",
    vitest: unit("initial-memory"),
  },
  {
    file: "crate/src/host.rs",
    find: "        memory_grow::<0>(0);\n",
    replace: "",
    why: "views that somebody kept live on over another machine's bytes",
    vitest: ["test/memory/isolation.test.ts"],
  },
  {
    file: "crate/src/bindings/dirty.rs",
    find: "u32::from(next.is_some())",
    replace: "0",
    why: "the facade is not told that there are more ranges",
    vitest: unit("dirty"),
  },
  {
    file: "crate/src/dirty_map.rs",
    find: "        index += 8;\n",
    replace: "        index += 16;\n",
    why: "the search for marks looks at eight pages and skips sixteen (in Wasm alone)",
    vitest: unit("dirty"),
  },
];

export const mutants = {
  facade: [...facade, ...map, ...discard.facade],
  core: [...core, ...discard.core],
  backends,
  bindings: [...bindings, ...discard.bindings],
};
