// SectionAccess: scalar accesses that the side table of sections serves. The slow path does the rest.
//
// As in scalars.ts, each closure is written out, over the current arrays. They are short so that engines inline them into
// the loops of their callers.

import { CONTROL_GENERATION, DIRTY_MARK } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { Device } from "../device/device.ts";
import { ENTRIES, type Space } from "../space/space.ts";
import { type Crossing, crossingAccess } from "./crossing.ts";
import { DENIED, DEVICE, MEMORY, NOTHING, type PageSections, type Section } from "./section.ts";
import { NOWHERE, PLACES, type Sections, slotOf } from "./sections.ts";
import type { SlowPath } from "./slow-path.ts";

/** The calls of an accessor for which the page table has no answer. */
export interface SectionAccess {
  load8(address: U64Like): number;
  load16(address: U64Like): number;
  load32(address: U64Like): number;
  store8(address: U64Like, value: number): void;
  store16(address: U64Like, value: number): void;
  store32(address: U64Like, value: number): void;
}

export function sectionAccess(space: Space, sections: Sections, slow: SlowPath): SectionAccess {
  const { words, tableIndex } = space;
  const { u8, dirty, buffer } = space.linear;
  const generation = tableIndex + ENTRIES + CONTROL_GENERATION;
  const data = new DataView(buffer);
  const { recent, granules, owners } = sections;
  return make(words, generation, u8, data, dirty, recent, granules, owners, crossingAccess(space), slow);
}

/** What the closures use is parameters, because an engine checks constants before each use, and inlines less then. */
function make(
  words: Uint32Array,
  generation: number,
  u8: Uint8Array,
  data: DataView,
  dirty: Uint8Array,
  recent: readonly PageSections[],
  granules: Uint32Array,
  owners: readonly Section[],
  crossing: Crossing,
  slow: SlowPath,
): SectionAccess {
  /** As `Sections.find`, among the pages that were found last. */
  function find(address: U64Like, size: number): Section {
    if (typeof address !== "number") return NOTHING;
    const page = recent[slotOf(address)] as PageSections;
    const at = address - page.start;
    if ((at & 0xfff) !== at || page.generation !== words[generation]) return NOTHING;
    const section = page.cells[at >>> page.shift] as Section;
    return at + size <= section.end ? section : NOTHING;
  }

  function load8(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && guest === address) {
        const host = granules[at + 2] as number;
        if (host !== NOWHERE) return u8[host + (guest & 255)] as number;
        const owner = owners[at >>> 2] as Section;
        if (owner.read === DEVICE) return loadDevice8(owner, address);
      }
    }
    return loadSection8(address);
  }

  function loadSection8(address: U64Like): number {
    const section = find(address, 1);
    if (section.read === MEMORY) return u8[section.host + ((address as number) & 0xfff)] as number;
    if (section.read === DEVICE) return loadDevice8(section, address as number);
    return section.read >= DENIED ? slow.loadServed(section.read, address, 1) : slow.loadUnsigned(address, 1);
  }

  function load16(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[at] === guest >>> 8 &&
        granules[at + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 254
      ) {
        const host = granules[at + 2] as number;
        if (host !== NOWHERE) return data.getUint16(host + (guest & 255), true);
        const owner = owners[at >>> 2] as Section;
        if (owner.read === DEVICE) return loadDevice16(owner, address);
      }
    }
    return loadSection16(address);
  }

  function loadSection16(address: U64Like): number {
    if (typeof address === "number" && (address & 0xfff) > 4094) {
      const value = crossing.load16(address);
      if (value >= 0) return value;
    }
    const section = find(address, 2);
    if (section.read === MEMORY) return data.getUint16(section.host + ((address as number) & 0xfff), true);
    if (section.read === DEVICE) return loadDevice16(section, address as number);
    return section.read >= DENIED ? slow.loadServed(section.read, address, 2) : slow.loadUnsigned(address, 2);
  }

  function load32(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[at] === guest >>> 8 &&
        granules[at + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 252
      ) {
        const host = granules[at + 2] as number;
        if (host !== NOWHERE) return data.getUint32(host + (guest & 255), true);
        const owner = owners[at >>> 2] as Section;
        if (owner.read === DEVICE) return loadDevice32(owner, address);
      }
    }
    return loadSection32(address);
  }

  function loadSection32(address: U64Like): number {
    if (typeof address === "number" && (address & 0xfff) > 4092) {
      const value = crossing.load32(address);
      if (value >= 0) return value;
    }
    const section = find(address, 4);
    if (section.read === MEMORY) return data.getUint32(section.host + ((address as number) & 0xfff), true);
    if (section.read === DEVICE) return loadDevice32(section, address as number);
    return section.read >= DENIED ? slow.loadServed(section.read, address, 4) : slow.loadUnsigned(address, 4);
  }

  function store8(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && guest === address) {
        const start = granules[at + 2] as number;
        if (start !== NOWHERE) {
          const host = start + (guest & 255);
          u8[host] = value;
          dirty[host >>> 12] = DIRTY_MARK;
          return;
        }
        const owner = owners[at >>> 2] as Section;
        if (owner.write === DEVICE) {
          storeDevice8(owner, address, value & 0xff);
          return;
        }
      }
    }
    storeSection8(address, value);
  }

  function storeSection8(address: U64Like, value: number): void {
    const section = find(address, 1);
    if (section.write === MEMORY) {
      const host = section.host + ((address as number) & 0xfff);
      u8[host] = value;
      dirty[host >>> 12] = DIRTY_MARK;
    } else if (section.write === DEVICE) storeDevice8(section, address as number, value & 0xff);
    else if (section.write >= DENIED) slow.storeServed(section.write, address, 1, value);
    else slow.storeUnsigned(address, 1, value);
  }

  function store16(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[at] === guest >>> 8 &&
        granules[at + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 254
      ) {
        const start = granules[at + 2] as number;
        if (start !== NOWHERE) {
          const host = start + (guest & 255);
          data.setUint16(host, value, true);
          dirty[host >>> 12] = DIRTY_MARK;
          dirty[(host + 1) >>> 12] = DIRTY_MARK;
          return;
        }
        const owner = owners[at >>> 2] as Section;
        if (owner.write === DEVICE) {
          storeDevice16(owner, address, value & 0xffff);
          return;
        }
      }
    }
    storeSection16(address, value);
  }

  function storeSection16(address: U64Like, value: number): void {
    if (typeof address === "number" && (address & 0xfff) > 4094 && crossing.store16(address, value)) return;
    const section = find(address, 2);
    if (section.write === MEMORY) {
      const host = section.host + ((address as number) & 0xfff);
      data.setUint16(host, value, true);
      dirty[host >>> 12] = DIRTY_MARK;
      dirty[(host + 1) >>> 12] = DIRTY_MARK;
    } else if (section.write === DEVICE) storeDevice16(section, address as number, value & 0xffff);
    else if (section.write >= DENIED) slow.storeServed(section.write, address, 2, value);
    else slow.storeUnsigned(address, 2, value);
  }

  function store32(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[at] === guest >>> 8 &&
        granules[at + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 252
      ) {
        const start = granules[at + 2] as number;
        if (start !== NOWHERE) {
          const host = start + (guest & 255);
          data.setUint32(host, value, true);
          dirty[host >>> 12] = DIRTY_MARK;
          dirty[(host + 3) >>> 12] = DIRTY_MARK;
          return;
        }
        const owner = owners[at >>> 2] as Section;
        if (owner.write === DEVICE) {
          storeDevice32(owner, address, value >>> 0);
          return;
        }
      }
    }
    storeSection32(address, value);
  }

  function storeSection32(address: U64Like, value: number): void {
    if (typeof address === "number" && (address & 0xfff) > 4092 && crossing.store32(address, value)) return;
    const section = find(address, 4);
    if (section.write === MEMORY) {
      const host = section.host + ((address as number) & 0xfff);
      data.setUint32(host, value, true);
      dirty[host >>> 12] = DIRTY_MARK;
      dirty[(host + 3) >>> 12] = DIRTY_MARK;
    } else if (section.write === DEVICE) storeDevice32(section, address as number, value >>> 0);
    else if (section.write >= DENIED) slow.storeServed(section.write, address, 4, value);
    else slow.storeUnsigned(address, 4, value);
  }

  return { load8, load16, load32, store8, store16, store32 };
}

// The calls of a handler of just this size, which is the usual one. BoundDevice has the rules for the others.

function loadDevice8(section: Section, address: number): number {
  const handlers = section.handlers as Device;
  const offset = section.offset + (address & 0xfff);
  if (!handlers.read8) return (section.device as BoundDevice).read(offset, 1, "cpu", address) as number;
  const value: unknown = handlers.read8(offset, "cpu");
  return typeof value === "number" ? value : (section.device as BoundDevice).wrong(value, 1);
}

function loadDevice16(section: Section, address: number): number {
  const handlers = section.handlers as Device;
  const offset = section.offset + (address & 0xfff);
  if ((offset & 1) !== 0 || !handlers.read16) {
    return (section.device as BoundDevice).read(offset, 2, "cpu", address) as number;
  }
  const value: unknown = handlers.read16(offset, "cpu");
  return typeof value === "number" ? value : (section.device as BoundDevice).wrong(value, 2);
}

function loadDevice32(section: Section, address: number): number {
  const handlers = section.handlers as Device;
  const offset = section.offset + (address & 0xfff);
  if ((offset & 3) !== 0 || !handlers.read32) {
    return (section.device as BoundDevice).read(offset, 4, "cpu", address) as number;
  }
  const value: unknown = handlers.read32(offset, "cpu");
  return typeof value === "number" ? value : (section.device as BoundDevice).wrong(value, 4);
}

function storeDevice8(section: Section, address: number, value: number): void {
  const handlers = section.handlers as Device;
  const offset = section.offset + (address & 0xfff);
  if (handlers.write8) handlers.write8(offset, value, "cpu");
  else (section.device as BoundDevice).write(offset, 1, value, "cpu", address);
}

function storeDevice16(section: Section, address: number, value: number): void {
  const handlers = section.handlers as Device;
  const offset = section.offset + (address & 0xfff);
  if ((offset & 1) === 0 && handlers.write16) handlers.write16(offset, value, "cpu");
  else (section.device as BoundDevice).write(offset, 2, value, "cpu", address);
}

function storeDevice32(section: Section, address: number, value: number): void {
  const handlers = section.handlers as Device;
  const offset = section.offset + (address & 0xfff);
  if ((offset & 3) === 0 && handlers.write32) handlers.write32(offset, value, "cpu");
  else (section.device as BoundDevice).write(offset, 4, value, "cpu", address);
}
