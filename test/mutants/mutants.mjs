// Faults of the kinds that happen, one entry each: the file, the change, a reason why a developer might write it, and
// the test that must see it.
import { backends } from "./backends.mjs";
import * as discard from "./discard.mjs";
import { map } from "./map.mjs";
import { models } from "./models.mjs";
import { states } from "./states.mjs";
import { streamFaults } from "./streams.mjs";

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
const scalar = (/** @type {string} */ name) => [...unit("access/scalars"), "-t", name];

/** @type {Mutant[]} the facade's: no rebuild */
const facade = [
  {
    file: "ts/access/scalars.ts",
    find: `        u8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] = number;
        dirty[entry >>> 4] = DIRTY_MARK;`,
    replace: "        u8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] = number;",
    why: "a lost dirty mark: a byte store on the fast path",
    vitest: unit("observe/dirty"),
  },
  {
    file: "ts/access/scalars.ts",
    find: "data.getUint32(host, false)",
    replace: "data.getUint32(host, true)",
    why: "a swapped endianness: readUint32BE, on the fast path alone",
    vitest: scalar("readUint32BE|Uint32BE is"),
  },
  {
    file: "ts/access/scalars.ts",
    find: "slow.load(address, 8).getFloat64(0, false)",
    replace: "slow.load(address, 8).getFloat64(0, true)",
    why: "a swapped endianness: readFloat64BE, on the slow path alone",
    vitest: scalar("Float64BE is"),
  },
  {
    file: "ts/access/scalars.ts",
    find: "(guest & 0xfff) + last > 0xfff) return -1;",
    replace: "(guest & 0xfff) + last > 0x1000) return -1;",
    why: "off by one at a page's end: the last byte comes from the next host page",
    vitest: ["test/properties/operations.test.ts"],
  },
  {
    file: "ts/access/scalars.ts",
    find: "if ((entry & flag) === 0 || guest !== address ||",
    replace: "if ((entry & flag) === 0 ||",
    why: "an address past 2^32 is taken modulo 2^32",
    vitest: ["test/properties/operations.test.ts"],
  },
  {
    file: "ts/space/cached-run.ts",
    find: "length > this.#length - near",
    replace: "length > this.#length - near + 1",
    why: "off by one at a region's end: a slice may take one byte of the neighbour",
    vitest: unit("access/bulk"),
  },
  {
    file: "ts/space/resolver.ts",
    find: "range.host + skipped",
    replace: "range.host",
    why: "a slice more than 1 GiB into a region goes to the region's start",
    vitest: ["test/footprint/large.test.ts"],
  },
  {
    file: "ts/space/cached-run.ts",
    find: " || generation !== this.#generation) return",
    replace: ") return",
    why: "a stale translation after a remap: bulk accesses go by the region of the last one",
    vitest: unit("map/region-access"),
  },
  {
    file: "ts/access/elements.ts",
    find: 'if ((u64.low(address) & (size - 1)) !== 0) throw misaligned("not");',
    replace: 'if ((u64.low(address) & (size - 1)) !== 0 && size > 4) throw misaligned("not");',
    why: "a misaligned atomic access is let through where its bytes happen to be aligned in linear memory",
    vitest: unit("map/map-access", "map/map-text", "map/map-events"),
  },
  {
    file: "ts/access/atomics.ts",
    find: "    if (elements.cells === linear) linear.dirty[host >>> 12] = DIRTY_MARK;\n",
    replace: "",
    why: "a lost dirty mark: atomics",
    vitest: unit("access/atomics"),
  },
  {
    file: "ts/space/pieces.ts",
    find: "const low = this.#low + (done % HIGH);",
    replace: "const low = this.#low + (done % HIGH) - (done > 0 ? 1 : 0);",
    why: "the second piece of a scalar that crosses regions begins one byte early",
    vitest: ["test/properties/operations.test.ts"],
  },
  {
    file: "ts/space/pieces.ts",
    find: "Math.floor(done / HIGH) + (low >= HIGH ? 1 : 0)",
    replace: "Math.floor(done / HIGH)",
    why: "a scalar over 4 GiB has its second half at 0: no carry",
    vitest: unit("space/pieces"),
  },
  {
    file: "ts/access/slow-path.ts",
    find: "      linear.markDirty(host, size);\n",
    replace: "",
    why: "a lost dirty mark: scalars on the slow path",
    vitest: unit("observe/dirty"),
  },
  {
    file: "ts/access/section-access.ts",
    find: "      if ((at & 0xfff) === at && page.generation === words[generation]) {",
    replace: "      if ((at & 0xfff) === at) {",
    why: "a device that was unmapped still gets accesses, because it is remembered",
    vitest: unit("access/sections"),
  },
  {
    file: "ts/access/sections.ts",
    find: "(at & (PAGE - 1)) !== at || page.generation !== this.#space.generation",
    replace: "(at & (PAGE - 1)) !== at",
    why: "memory that was unmapped is still read by accesses that are no unsigned numbers, because it is remembered",
    vitest: unit("access/sections"),
  },
  {
    file: "ts/access/section-access.ts",
    find: "at + size <= section.end && section.read !== UNKNOWN",
    replace: "section.read !== UNKNOWN",
    why: "an access over the end of a device goes to the device as a whole, once that is remembered",
    vitest: unit("device/handlers"),
  },
  {
    file: "ts/access/section-access.ts",
    find: "        dirty[(host + size - 1) >>> 12] = DIRTY_MARK;\n",
    replace: "",
    why: "a store over two host pages marks the first one alone",
    vitest: unit("access/sections"),
  },
  {
    file: "ts/access/sections.ts",
    find: "at + GRANULE <= section.end",
    replace: "at < section.end",
    why: "the last bytes of RAM that ends inside a granule are followed by bytes of another region",
    vitest: unit("access/sections"),
  },
  {
    file: "ts/access/section-access.ts",
    find:
      "granules[at + 1] === words[generation] && guest === address) {\n" +
      "        const host = granules[at + 2] as number;\n        if (host !== NOWHERE) return",
    replace:
      "guest === address) {\n        const host = granules[at + 2] as number;\n        if (host !== NOWHERE) return",
    why: "a byte of RAM that was unmapped or is protected is read all the same, because it is remembered",
    vitest: unit("access/sections"),
  },
  {
    file: "ts/access/crossing.ts",
    find: "    if ((first & second & ACCESS_WRITE) === 0) return false;\n",
    replace: "",
    why: "a store over two pages writes into a page that may not be written",
    vitest: unit("access/sections"),
  },
  {
    file: "ts/space/cached-run.ts",
    find: "near !== into || ",
    replace: "",
    why: "an address with a fraction reads a byte of external memory that was accessed before",
    vitest: unit("external/external-memory"),
  },
  {
    file: "ts/space/cached-run.ts",
    find: "Math.min(length, Number.MAX_SAFE_INTEGER - start)",
    replace: "length",
    why: "remembered memory over the end of 2^53 is found by a number that is none of its addresses",
    vitest: unit("external/external-memory"),
  },
  {
    file: "ts/access/slow-path.ts",
    find: "this.#bytes.slice(0, size); // a listener",
    replace: "this.#bytes.subarray(0, size); // a listener",
    why: "a handler's own access changes what is still to be written",
    vitest: unit("device/canaries"),
  },
  {
    file: "ts/access/slow-path.ts",
    find: '"number" ? this.#handlerValue : getUnsigned',
    replace: '"number" ? this.#handlerValue >>> 0 : getUnsigned',
    why: "what a handler gives is changed: a negative number becomes a large one",
    vitest: unit("device/handlers"),
  },
  {
    file: "ts/space/pieces.ts",
    find: "    space.enter();\n    const { raw, report } = space.linear;",
    replace: "    const { raw, report } = space.linear;",
    why: "what was resolved before a handler is used after it: arrays that growth has detached",
    vitest: unit("device/canaries"),
  },
  {
    file: "ts/space/mover.ts",
    find: "    if (memory === linear.u8) linear.markDirty(at, count);\n",
    replace: "",
    why: "a lost dirty mark: memory behind a device",
    vitest: unit("device/access"),
  },
  {
    file: "ts/device/bound-device.ts",
    find: "let whole = (value & mask) << (8 * into);",
    replace: "let whole = value & mask;",
    why: "a byte that is written to a wide register lands in its first byte",
    vitest: unit("device/handlers"),
  },
  {
    file: "ts/device/bound-device.ts",
    find: "(at % size !== 0 && (free & size) === 0)",
    replace: "false",
    why: "a handler gets offsets that are not at a multiple of its size",
    vitest: unit("device/handlers"),
  },
  {
    file: "ts/device/bound-device.ts",
    find: "if (size === transfer.length) throw error;",
    replace: "if (size === length) throw error;",
    why: "an error does not say how many bytes were moved where the device's own piece is one call",
    vitest: unit("device/failures"),
  },
  {
    file: "ts/device/bound-device.ts",
    find: " ? 2 ** Math.floor(Math.log2(Math.max(sizes, 1))) : 8;",
    replace: " ? Math.max(sizes & -sizes, 1) : 8;",
    why: "a wide access is split into the narrowest parts",
    vitest: unit("device/handlers"),
  },
  {
    file: "ts/access/bulk.ts",
    find: "        keep(into, target, transfer.done);\n",
    replace: "",
    why: "what was read before a handler threw is lost",
    vitest: unit("device/failures"),
  },
  {
    file: "ts/access/bulk.ts",
    find: '      this.#space.mover.expectServed(address, length, ACCESS_WRITE, "writeSlice");\n',
    replace: "",
    why: "a device is written before it is known that the range ends in ROM",
    vitest: unit("device/failures"),
  },
  {
    file: "ts/observe/watchers.ts",
    find: "    if (disposed) return ids; // a handler has disposed the memory in the middle of an access\n",
    replace: "",
    why: "after a handler disposes, whatever the core said last is taken for the watches",
    vitest: unit("device/failures"),
  },
  {
    file: "ts/core/linear-memory.ts",
    find: "const last = (host + bytes - 1) >>> PAGE_BITS;",
    replace: "const last = (host + bytes) >>> PAGE_BITS;",
    why: "a page too many is marked where a write ends with its page",
    vitest: unit("observe/dirty"),
  },
  {
    file: "ts/access/bulk.ts",
    find: "part(bytes, 0, length).slice() : bytes",
    replace: "bytes : bytes",
    why: "a write from the guest's own view reads, in its second piece, what the first has overwritten",
    vitest: unit("core/callers-buffers"),
  },
  {
    file: "ts/space/views.ts",
    find: "  expose(space, address, length);\n  return new Uint8Array(",
    replace: "  return new Uint8Array(",
    why: "bytes that were shown are not zeroed for their next owner",
    vitest: ["test/footprint/isolation.test.ts"],
  },
  {
    file: "ts/core/u64.ts",
    find: "if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(value, what);",
    replace: "if (!Number.isInteger(value) || value < 0) throw outOfRange(value, what);",
    why: "a number past 2^53 is taken for an address, rounded",
    vitest: [...unit("core/arguments"), "-t", "readBytes|checkRange"],
  },
  {
    file: "ts/core/u64.ts",
    find: "if (value < 0n || value >= LIMIT) throw outOfRange(value, what);",
    replace: "if (value < 0n || value > LIMIT) throw outOfRange(value, what);",
    why: "2^64 is taken for address 0",
    vitest: [...unit("core/arguments"), "-t", "readBytes|checkRange"],
  },
  {
    file: "ts/core/linear-memory.ts",
    find: "    for (const member of members) member.arraysReplaced();\n",
    replace: "",
    why: "accessors over detached arrays: after growth by one memory the others' reads go wrong",
    vitest: unit("map/region-access", "access/views"),
  },
  {
    file: "ts/space/space.ts",
    find: "    linear.raw.gm_dispose(handle);\n",
    replace: "",
    why: "a memory that was dropped keeps its regions for ever",
    vitest: unit("space/finalisation"),
  },
  {
    file: "ts/map/region-access.ts",
    find: "return sum >> 64n === 0n && space.flatView.at(sum) !== undefined ? space.toAddress(sum) : undefined;",
    replace: "return space.flatView.at(BigInt.asUintN(64, sum)) !== undefined ? space.toAddress(sum) : undefined;",
    why: "an unchecked add: checkedOffset wraps at 2^64",
    vitest: unit("map/region-access"),
  },
  {
    file: "ts/access/search.ts",
    find: "    at = found;\n",
    replace: "    at = found + BigInt(prefix.length - 1);\n",
    why: "a search skips what begins inside an almost-match",
    vitest: unit("access/bulk"),
  },
  {
    file: "ts/space/dirty-ranges.ts",
    find: "  } while (linear.reported(abi.COLLECT_MORE) !== 0);",
    replace: "  } while (false);",
    why: "ranges beyond the core's first report are lost",
    vitest: unit("observe/dirty"),
  },
];

/** @type {Mutant[]} the core's, seen by its own tests: a native rebuild */
const core = [
  {
    file: "crate/src/model/guest_memory/coverage.rs",
    find: "if last.unchecked_offset_from(base) >= to_last {",
    replace: "if last.unchecked_offset_from(base) + 1 >= to_last {",
    why: "off by one at a region's end: the byte behind it counts as backed",
    cargo: "span::",
  },
  {
    file: "crate/src/machine/span.rs",
    find: "if length - 1 > last - address {",
    replace: "if length > last - address {",
    why: "off by one at a region's end: its last byte is no part of a run",
    cargo: "span::",
  },
  {
    file: "crate/src/machine/region_list.rs",
    find: ".checked_add(extra)",
    replace: ".checked_add(extra).or(Some(start.0.wrapping_add(extra)))",
    why: "an unchecked add: a region past 2^64 is let in, and wraps",
    cargo: "region_list::",
  },
  {
    file: "crate/src/machine/bulk.rs",
    find: "            run.mark();\n            done += run.length() as u64;",
    replace: "            done += run.length() as u64;",
    why: "a lost dirty mark: fill",
    cargo: "dirty_log::",
  },
  {
    file: "crate/src/machine/bulk.rs",
    find: "self.pairs(backward).skip(index + 1);",
    replace: "self.pairs(backward).skip(index + 2);",
    why: "an overlapping copy over a region boundary reads what it has just written",
    cargo: "bulk::",
  },
  {
    file: "crate/src/machine/bulk.rs",
    find: "        target.check_memory(to, length, Access::WRITE)?;\n",
    replace: "",
    why: "a copy into a hole is half done before it stops",
    cargo: "bulk::",
  },
  {
    file: "crate/src/machine/memory_map/placements.rs",
    find: "let rank = i64::from(priority) - i64::from(i32::MIN);",
    replace: "let rank = i64::from(i32::MAX) - i64::from(priority);",
    why: "the lowest priority is seen",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/memory_map/placements.rs",
    find: ".filter(|(_, changed)| changed.enabled)",
    replace: "",
    why: "a hidden region is in another's way",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/memory_map/flat_view.rs",
    find: "            push(cut.part(last + 1, cut.last));\n",
    replace: "",
    why: "what lies behind a window is lost",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/memory_map/ranges.rs",
    find: "let shared = Arc::strong_count(chunk) > 1;",
    replace: "let shared = false;",
    why: "a region moves away under a slice of it, because the map has changed since the slice was made",
    cargo: "compaction::",
  },
  {
    file: "crate/src/machine/memory_map.rs",
    find: "            (RegionKind::Rom, _) if access.has(Access::WRITE) => Shown::ReadOnly,\n",
    replace: "",
    why: "a device writes ROM",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/memory_map/watch.rs",
    find: "                attributes.change(from.max(first_page), to.min(last_page), 0, bits)?;\n",
    replace: "",
    why: "the end of one watch ends another on the same page",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/address_space/state.rs",
    find: "Undo::Protected => drop(self.changes.protections.pop()),",
    replace: "Undo::Protected => {}",
    why: "what a transaction protects stays protected though it is taken back",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/address_space/state.rs",
    find: "        if self.changes.undo.is_empty() {\n            return self.map.check(",
    replace: "        if length > 0 {\n            return self.map.check(",
    why: "a region that is mapped in a transaction cannot be protected in it",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/address_space/state.rs",
    find: "                Undo::Changed(number, placement) => drop(self.placements.put(number, placement)),\n",
    replace: "                Undo::Changed(..) => {}\n",
    why: "a transaction that fails is half done",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/page_table.rs",
    find: "if host as u64 & 0xfff != from & 0xfff {",
    replace: "if false {",
    why: "bytes that moved inside their pages are read from the wrong place",
    cargo: "memory_map::",
  },
  {
    file: "crate/src/machine/page_table.rs",
    find: "let end = (last >> PAGE_SHIFT) + u64::from(last & 0xfff == 0xfff);",
    replace: "let end = (last >> PAGE_SHIFT) + 1;",
    why: "off by one at a region's end: its partial last page gets an entry",
    cargo: "page_table::",
  },
  {
    file: "crate/src/machine/bulk.rs",
    find: "        apart\n            ||",
    replace: "        apart\n            || backward\n            ||",
    why: "a copy between aliases of the same bytes overwrites what it has not read",
    cargo: "bulk::",
  },
  {
    file: "crate/src/linear/readers.rs",
    find: "        while slot.reading.load(Ordering::Acquire) {",
    replace: "        while false {",
    why: "pages go back while another thread is between its look at an entry and the access",
    cargo: "readers::",
  },
  {
    file: "crate/src/machine/dirty_log.rs",
    find: "dirty_map::clear(&marks[page..end], bit);",
    replace: "dirty_map::clear(&marks[page..end], dirty_map::MARK);",
    why: "one client's collection takes the marks of the others",
    cargo: "dirty_log::",
  },
  {
    file: "crate/src/machine/dirty_log.rs",
    find: "Part::More => keep = true,",
    replace: "Part::More => keep = false,",
    why: "a page in parts is reported in the first of its ranges, and the bytes of the others never",
    cargo: "dirty_log::",
  },
  {
    file: "crate/src/machine/search.rs",
    find: "carried = carried_at_most.min(filled);",
    replace: "carried = 0;",
    why: "a search misses what lies across two of its windows",
    cargo: "search::",
  },
  {
    file: "crate/src/machine/handle.rs",
    find: ".filter(|slot| slot.uses == handle >> SLOT_BITS)?\n        .space",
    replace: "?\n        .space",
    why: "the handle of a disposed machine names its successor",
    cargo: "handle::",
  },
];

/** @type {Mutant[]} the core's, seen only through the facade: a rebuild of the .wasm */
const bindings = [
  {
    file: "crate/src/linear/allocator.rs",
    find: "        host::detach_views();\n        zero(*run);",
    replace: "        host::detach_views();",
    why: "a new machine reads what an old one wrote",
    vitest: ["test/footprint/isolation.test.ts"],
  },
  {
    file: "crate/src/machine/page_table.rs",
    find: "        self.write(low >> PAGE_SHIFT, (high >> PAGE_SHIFT) + 1, |_| 0);\n",
    replace: "",
    why: "a stale table after a remap: a removed region can still be read and written",
    vitest: unit("map/region-access"),
  },
  {
    file: "crate/src/machine/address_space/changes.rs",
    find: "        self.table.bump_generation();\n",
    replace: "",
    why: "nobody is told that a region is gone",
    vitest: unit("observe/events"),
  },
  {
    file: "crate/src/bindings/mod.rs",
    find: "[value as u32, (value >> 32) as u32]",
    replace: "[(value >> 32) as u32, value as u32]",
    why: "the halves of what is reported are swapped",
    vitest: unit("map/region-access"),
  },
  {
    file: "crate/src/linear/allocator.rs",
    find: "        dirty_map::set_marks(to, marks);\n",
    replace: "",
    why: "a region that is moved loses its dirty pages",
    vitest: ["test/footprint/moves.test.ts"],
  },
  {
    file: "crate/src/machine/compaction.rs",
    find: "                space.bytes_moved(map, range.start, range.last);\n",
    replace: "",
    why: "a stale table after a move: a machine reads another's bytes",
    vitest: ["test/footprint/moves.test.ts"],
  },
  {
    file: "crate/src/linear/host.rs",
    find: "        if pages <= left {",
    replace: "        if false {",
    why: "a small guest makes linear memory grow, and every typed array slower",
    vitest: unit("core/linear-memory"),
  },
  {
    file: "crate/src/linear/host.rs",
    find: "        let joins = left != 0 && size() == room.end;",
    replace: "        let joins = left != 0;",
    why: "a guest gets pages that somebody else has made linear memory grow for",
    vitest: unit("core/linear-memory"),
  },
  {
    file: "crate/src/linear/host.rs",
    find: "            room::take(pages);\n",
    replace: "",
    why: "two guests, or a guest and the heap, have the same pages",
    vitest: unit("core/linear-memory"),
  },
  {
    file: "crate/src/linear/host.rs",
    find: "        memory_grow::<0>(0);\n",
    replace: "",
    why: "views that somebody kept live on over another machine's bytes",
    vitest: ["test/footprint/isolation.test.ts"],
  },
  {
    file: "crate/src/bindings/dirty.rs",
    find: "u32::from(next.is_some())",
    replace: "0",
    why: "the facade is not told that there are more ranges",
    vitest: unit("observe/dirty"),
  },
  {
    file: "crate/src/linear/dirty_map.rs",
    find: "        index += 8;\n",
    replace: "        index += 16;\n",
    why: "the search for marks looks at eight pages and skips sixteen (in Wasm alone)",
    vitest: unit("observe/dirty"),
  },
];

/** Those of the map that are in the core and have no test there. */
const inWasm = map.filter(({ file, cargo }) => file.startsWith("crate/") && cargo === undefined);

export const mutants = {
  facade: [
    ...facade,
    ...map.filter(({ file }) => file.startsWith("ts/")),
    ...discard.facade,
    ...states,
    ...streamFaults,
  ],
  core: [...core, ...map.filter(({ cargo }) => cargo !== undefined), ...discard.core],
  backends,
  models,
  bindings: [...bindings, ...inWasm, ...discard.bindings],
};
