// SectionAccess: scalar accesses that the side table of sections serves. The slow path does the rest.

import { CONTROL_GENERATION, DIRTY_MARK } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { Space } from "../space/space.ts";
import { DEVICE, MEMORY, NOTHING, type PageSections, type Section } from "./section.ts";
import type { Leaf, Sections } from "./sections.ts";
import type { SlowPath } from "./slow-path.ts";

/** The calls of an accessor for which the page table has no answer. */
export interface SectionAccess {
  loadUnsigned(address: U64Like, size: 1 | 2 | 4): number;
  storeUnsigned(address: U64Like, size: 1 | 2 | 4, value: number): void;
}

/** Makes closures over the current arrays, as `installScalars` does. They are short so that engines inline them. */
export function sectionAccess(space: Space, sections: Sections, slow: SlowPath): SectionAccess {
  const { control } = space;
  const { u8, dirty, buffer } = space.linear;
  const { low } = sections;
  const data = new DataView(buffer);

  const find = (address: U64Like, size: number): Section => {
    if (typeof address !== "number") return NOTHING;
    const guest = address >>> 0;
    const leaf = guest === address ? (low[guest >>> 22] as Leaf) : sections.leaf(address);
    const page = leaf[(guest >>> 12) & 1023] as PageSections;
    if (page.generation !== control[CONTROL_GENERATION]) return NOTHING;
    const section = page.cells[(guest & 0xfff) >>> page.shift] as Section;
    return (guest & 0xfff) + size <= section.end ? section : NOTHING;
  };

  return {
    loadUnsigned(address, size) {
      const section = find(address, size);
      if (section.read === MEMORY) {
        const host = section.host + ((address as number) & 0xfff);
        if (size === 1) return u8[host] as number;
        return size === 2 ? data.getUint16(host, true) : data.getUint32(host, true);
      }
      if (section.read === DEVICE) {
        return (section.device as BoundDevice).read(
          section.offset + ((address as number) & 0xfff),
          size,
          "cpu",
          address,
        ) as number;
      }
      return slow.loadUnsigned(address, size);
    },
    storeUnsigned(address, size, value) {
      const section = find(address, size);
      if (section.write === MEMORY) {
        const host = section.host + ((address as number) & 0xfff);
        if (size === 1) u8[host] = value;
        else if (size === 2) data.setUint16(host, value, true);
        else data.setUint32(host, value, true);
        dirty[host >>> 12] = DIRTY_MARK;
        dirty[(host + size - 1) >>> 12] = DIRTY_MARK;
      } else if (section.write === DEVICE) {
        const stored = size === 4 ? value >>> 0 : size === 2 ? value & 0xffff : value & 0xff;
        (section.device as BoundDevice).write(
          section.offset + ((address as number) & 0xfff),
          size,
          stored,
          "cpu",
          address,
        );
      } else {
        slow.storeUnsigned(address, size, value);
      }
    },
  };
}
