// SectionAccess: scalar accesses that the side table of sections serves. The slow path does the rest.
//
// As in scalars.ts, each closure is written out, over the current arrays. They are short so that engines inline them into
// the loops of their callers.

import { CONTROL_CHANGES, DIRTY_MARK } from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import type { BoundDevice } from "../device/bound-device.ts";
import type { Device } from "../device/device.ts";
import { ENTRIES, type Space } from "../space/space.ts";
import { type Crossing, crossingAccess } from "./crossing.ts";
import { DEVICE, MEMORY, PAGE, type PageSections, type Section, UNKNOWN } from "./section.ts";
import { NOWHERE, PLACES, type Sections, SLOTS } from "./sections.ts";
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
  const generation = tableIndex + ENTRIES + CONTROL_CHANGES;
  const data = new DataView(buffer);
  const { recent, granules, owners, farStarts, farPages } = sections;
  const access = make(
    words,
    generation,
    u8,
    data,
    dirty,
    recent,
    granules,
    owners,
    farStarts,
    farPages,
    crossingAccess(space),
    slow,
  );
  return slow.externalRuns.length > 0 ? withExternal(access, slow) : access;
}

/** The arrays are parameters: an engine checks a constant before each use, and then inlines less. */
function make(
  words: Uint32Array,
  generation: number,
  u8: Uint8Array,
  data: DataView,
  dirty: Uint8Array,
  recent: readonly PageSections[],
  granules: Uint32Array,
  owners: readonly Section[],
  farStarts: Float64Array,
  farPages: Uint32Array,
  crossing: Crossing,
  slow: SlowPath,
): SectionAccess {
  // For bytes, only RAM is answered here: the accesses of an 8-bit machine are inlined together then.
  function load8(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && guest === address) {
        const host = granules[at + 2] as number;
        if (host !== NOWHERE) return u8[host + (guest & 255)] as number;
      }
    }
    return loadSection(address, 1);
  }

  function load16(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      if (guest === address) {
        const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
        if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && (guest & 255) <= 254) {
          const host = granules[at + 2] as number;
          if (host !== NOWHERE) return data.getUint16(host + (guest & 255), true);
          const owner = owners[at >>> 2] as Section;
          if (owner.read === DEVICE) return loadDevice16(owner, address);
        }
      } else {
        const slot = (guest >>> 12) & SLOTS;
        const at = address - (farStarts[slot] as number);
        if ((at & 0xfff) === at && farPages[2 * slot] === words[generation] && at <= 4094) {
          return data.getUint16((farPages[2 * slot + 1] as number) + at, true);
        }
      }
    }
    return loadSection(address, 2);
  }

  function load32(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      if (guest === address) {
        const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
        if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && (guest & 255) <= 252) {
          const host = granules[at + 2] as number;
          if (host !== NOWHERE) return data.getUint32(host + (guest & 255), true);
          const owner = owners[at >>> 2] as Section;
          if (owner.read === DEVICE) return loadDevice32(owner, address);
        }
      } else {
        const slot = (guest >>> 12) & SLOTS;
        const at = address - (farStarts[slot] as number);
        if ((at & 0xfff) === at && farPages[2 * slot] === words[generation] && at <= 4092) {
          return data.getUint32((farPages[2 * slot + 1] as number) + at, true);
        }
      }
    }
    return loadSection(address, 4);
  }

  function store8(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && guest === address) {
        const host = granules[at + 2] as number;
        if (host !== NOWHERE) {
          u8[host + (guest & 255)] = value;
          dirty[host >>> 12] = DIRTY_MARK;
          return;
        }
      }
    }
    storeSection(address, 1, value);
  }

  function store16(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      if (guest === address) {
        const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
        if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && (guest & 255) <= 254) {
          const start = granules[at + 2] as number;
          if (start !== NOWHERE) {
            const host = start + (guest & 255);
            data.setUint16(host, value, true);
            dirty[host >>> 12] = DIRTY_MARK;
            return;
          }
          const owner = owners[at >>> 2] as Section;
          if (owner.write === DEVICE) {
            storeDevice16(owner, address, value & 0xffff);
            return;
          }
        }
      } else {
        const slot = (guest >>> 12) & SLOTS;
        const at = address - (farStarts[slot] as number);
        if ((at & 0xfff) === at && farPages[2 * slot] === words[generation] && at <= 4094) {
          const host = (farPages[2 * slot + 1] as number) + at;
          data.setUint16(host, value, true);
          dirty[host >>> 12] = DIRTY_MARK;
          return;
        }
      }
    }
    storeSection(address, 2, value);
  }

  function store32(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      if (guest === address) {
        const at = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
        if (granules[at] === guest >>> 8 && granules[at + 1] === words[generation] && (guest & 255) <= 252) {
          const start = granules[at + 2] as number;
          if (start !== NOWHERE) {
            const host = start + (guest & 255);
            data.setUint32(host, value, true);
            dirty[host >>> 12] = DIRTY_MARK;
            return;
          }
          const owner = owners[at >>> 2] as Section;
          if (owner.write === DEVICE) {
            storeDevice32(owner, address, value >>> 0);
            return;
          }
        }
      } else {
        const slot = (guest >>> 12) & SLOTS;
        const at = address - (farStarts[slot] as number);
        if ((at & 0xfff) === at && farPages[2 * slot] === words[generation] && at <= 4092) {
          const host = (farPages[2 * slot + 1] as number) + at;
          data.setUint32(host, value, true);
          dirty[host >>> 12] = DIRTY_MARK;
          return;
        }
      }
    }
    storeSection(address, 4, value);
  }

  /**
   * Every other load. Long on purpose: V8 inlines no function of this length. The short ones above stay short with all
   * that they inline, whatever a program has accessed, and fit into the loops of their callers.
   */
  function loadSection(address: U64Like, size: 1 | 2 | 4): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      if ((guest & 0xfff) + size > PAGE) {
        const value = size === 4 ? crossing.load32(address) : crossing.load16(address);
        if (value >= 0) return value;
      }
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[place] === guest >>> 8 && granules[place + 1] === words[generation] && guest === address) {
        const owner = owners[place >>> 2] as Section;
        if ((guest & 255) + size <= 256 && owner.read >= DEVICE) {
          if (owner.read !== DEVICE) return slow.loadServed(owner.read, address, size);
          if (size === 4) return loadDevice32(owner, address);
          return size === 1 ? loadDevice8(owner, address) : loadDevice16(owner, address);
        }
      }
      const slot = (guest >>> 12) & SLOTS;
      const into = address - (farStarts[slot] as number);
      if ((into & 0xfff) === into && farPages[2 * slot] === words[generation] && into + size <= PAGE) {
        const host = (farPages[2 * slot + 1] as number) + into;
        if (size === 4) return data.getUint32(host, true);
        return size === 1 ? (u8[host] as number) : data.getUint16(host, true);
      }
      const page = recent[((guest >>> 12) ^ (guest >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + size <= section.end && section.read !== UNKNOWN) {
          if (section.read === MEMORY) {
            const host = section.host + at;
            if (size === 4) return data.getUint32(host, true);
            return size === 1 ? (u8[host] as number) : data.getUint16(host, true);
          }
          if (section.read !== DEVICE) return slow.loadServed(section.read, address, size);
          if (size === 4) return loadDevice32(section, address);
          return size === 1 ? loadDevice8(section, address) : loadDevice16(section, address);
        }
      }
    }
    return slow.loadUnsigned(address, size);
  }

  /** Every other store. Long on purpose, as `loadSection`. */
  function storeSection(address: U64Like, size: 1 | 2 | 4, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      if ((guest & 0xfff) + size > PAGE) {
        if (size === 4 ? crossing.store32(address, value) : crossing.store16(address, value)) return;
      }
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[place] === guest >>> 8 && granules[place + 1] === words[generation] && guest === address) {
        const owner = owners[place >>> 2] as Section;
        if ((guest & 255) + size <= 256 && owner.write >= DEVICE) {
          if (owner.write !== DEVICE) slow.storeServed(owner.write, address, size, value);
          else if (size === 4) storeDevice32(owner, address, value >>> 0);
          else if (size === 1) storeDevice8(owner, address, value & 0xff);
          else storeDevice16(owner, address, value & 0xffff);
          return;
        }
      }
      let host = -1;
      const slot = (guest >>> 12) & SLOTS;
      const into = address - (farStarts[slot] as number);
      const page = recent[((guest >>> 12) ^ (guest >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((into & 0xfff) === into && farPages[2 * slot] === words[generation] && into + size <= PAGE) {
        host = (farPages[2 * slot + 1] as number) + into;
      } else if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + size <= section.end && section.write !== UNKNOWN) {
          if (section.write === MEMORY) host = section.host + at;
          else if (section.write !== DEVICE) {
            slow.storeServed(section.write, address, size, value);
            return;
          } else if (size === 4) {
            storeDevice32(section, address, value >>> 0);
            return;
          } else if (size === 1) {
            storeDevice8(section, address, value & 0xff);
            return;
          } else {
            storeDevice16(section, address, value & 0xffff);
            return;
          }
        }
      }
      if (host >= 0) {
        if (size === 4) data.setUint32(host, value, true);
        else if (size === 1) u8[host] = value;
        else data.setUint16(host, value, true);
        dirty[host >>> 12] = DIRTY_MARK;
        dirty[(host + size - 1) >>> 12] = DIRTY_MARK;
        return;
      }
    }
    slow.storeUnsigned(address, size, value);
  }

  return { load8, load16, load32, store8, store16, store32 };
}

/** The same for a memory that has accessed external memory, which is looked up first: it may be all of the guest's RAM. */
function withExternal(access: SectionAccess, slow: SlowPath): SectionAccess {
  const { load8, load16, load32, store8, store16, store32 } = access;
  return {
    load8(address) {
      const value = slow.loadExternal(address, 1);
      return value >= 0 ? value : load8(address);
    },
    load16(address) {
      const value = slow.loadExternal(address, 2);
      return value >= 0 ? value : load16(address);
    },
    load32(address) {
      const value = slow.loadExternal(address, 4);
      return value >= 0 ? value : load32(address);
    },
    store8(address, value) {
      if (!slow.storeExternal(address, 1, value)) store8(address, value);
    },
    store16(address, value) {
      if (!slow.storeExternal(address, 2, value)) store16(address, value);
    },
    store32(address, value) {
      if (!slow.storeExternal(address, 4, value)) store32(address, value);
    },
  };
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
