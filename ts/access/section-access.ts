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
import { DENIED, DEVICE, MEMORY, type PageSections, type Section } from "./section.ts";
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
  const generation = tableIndex + ENTRIES + CONTROL_GENERATION;
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
        const owner = owners[at >>> 2] as Section;
        if (owner.read === DEVICE) return loadDevice8(owner, address);
      }
    }
    return loadSection8(address);
  }

  function loadSection8(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[place] === guest >>> 8 && granules[place + 1] === words[generation] && guest === address) {
        const owner = owners[place >>> 2] as Section;
        if (owner.read >= DENIED) return slow.loadServed(owner.read, address, 1);
      }
      const slot = (address >>> 12) & SLOTS;
      const into = address - (farStarts[slot] as number);
      if ((into & 0xfff) === into && farPages[2 * slot] === words[generation]) {
        return u8[(farPages[2 * slot + 1] as number) + into] as number;
      }
      const page = recent[((address >>> 12) ^ (address >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + 1 <= section.end) {
          if (section.read === MEMORY) return u8[section.host + at] as number;
          if (section.read === DEVICE) return loadDevice8(section, address);
          if (section.read >= DENIED) return slow.loadServed(section.read, address, 1);
        }
      }
    }
    return slow.loadUnsigned(address, 1);
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
    return loadSection16(address);
  }

  function loadSection16(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[place] === guest >>> 8 &&
        granules[place + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 254
      ) {
        const owner = owners[place >>> 2] as Section;
        if (owner.read >= DENIED) return slow.loadServed(owner.read, address, 2);
      }
      const page = recent[((address >>> 12) ^ (address >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + 2 <= section.end) {
          if (section.read === MEMORY) return data.getUint16(section.host + at, true);
          if (section.read === DEVICE) return loadDevice16(section, address);
          if (section.read >= DENIED) return slow.loadServed(section.read, address, 2);
        }
      }
    }
    if (typeof address === "number" && (address & 0xfff) > 4094) {
      const value = crossing.load16(address);
      if (value >= 0) return value;
    }
    return slow.loadUnsigned(address, 2);
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
    return loadSection32(address);
  }

  function loadSection32(address: U64Like): number {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[place] === guest >>> 8 &&
        granules[place + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 252
      ) {
        const owner = owners[place >>> 2] as Section;
        if (owner.read >= DENIED) return slow.loadServed(owner.read, address, 4);
      }
      const page = recent[((address >>> 12) ^ (address >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + 4 <= section.end) {
          if (section.read === MEMORY) return data.getUint32(section.host + at, true);
          if (section.read === DEVICE) return loadDevice32(section, address);
          if (section.read >= DENIED) return slow.loadServed(section.read, address, 4);
        }
      }
    }
    if (typeof address === "number" && (address & 0xfff) > 4092) {
      const value = crossing.load32(address);
      if (value >= 0) return value;
    }
    return slow.loadUnsigned(address, 4);
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
    storeSection8(address, value);
  }

  function storeSection8(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (granules[place] === guest >>> 8 && granules[place + 1] === words[generation] && guest === address) {
        const owner = owners[place >>> 2] as Section;
        if (owner.write >= DEVICE) {
          if (owner.write === DEVICE) storeDevice8(owner, address, value & 0xff);
          else slow.storeServed(owner.write, address, 1, value);
          return;
        }
      }
      const slot = (address >>> 12) & SLOTS;
      const into = address - (farStarts[slot] as number);
      if ((into & 0xfff) === into && farPages[2 * slot] === words[generation]) {
        const host = (farPages[2 * slot + 1] as number) + into;
        u8[host] = value;
        dirty[host >>> 12] = DIRTY_MARK;
        return;
      }
      const page = recent[((address >>> 12) ^ (address >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + 1 <= section.end) {
          if (section.write === MEMORY) {
            const host = section.host + at;
            u8[host] = value;
            dirty[host >>> 12] = DIRTY_MARK;
            return;
          }
          if (section.write === DEVICE) {
            storeDevice8(section, address, value & 0xff);
            return;
          }
          if (section.write >= DENIED) {
            slow.storeServed(section.write, address, 1, value);
            return;
          }
        }
      }
    }
    slow.storeUnsigned(address, 1, value);
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
    storeSection16(address, value);
  }

  function storeSection16(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[place] === guest >>> 8 &&
        granules[place + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 254
      ) {
        const owner = owners[place >>> 2] as Section;
        if (owner.write >= DEVICE) {
          if (owner.write === DEVICE) storeDevice16(owner, address, value & 0xffff);
          else slow.storeServed(owner.write, address, 2, value);
          return;
        }
      }
      const page = recent[((address >>> 12) ^ (address >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + 2 <= section.end) {
          if (section.write === MEMORY) {
            const host = section.host + at;
            data.setUint16(host, value, true);
            dirty[host >>> 12] = DIRTY_MARK;
            dirty[(host + 1) >>> 12] = DIRTY_MARK;
            return;
          }
          if (section.write === DEVICE) {
            storeDevice16(section, address, value & 0xffff);
            return;
          }
          if (section.write >= DENIED) {
            slow.storeServed(section.write, address, 2, value);
            return;
          }
        }
      }
    }
    if (typeof address === "number" && (address & 0xfff) > 4094 && crossing.store16(address, value)) return;
    slow.storeUnsigned(address, 2, value);
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
    storeSection32(address, value);
  }

  function storeSection32(address: U64Like, value: number): void {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const place = ((guest >>> 6) ^ (guest >>> 20)) & PLACES;
      if (
        granules[place] === guest >>> 8 &&
        granules[place + 1] === words[generation] &&
        guest === address &&
        (guest & 255) <= 252
      ) {
        const owner = owners[place >>> 2] as Section;
        if (owner.write >= DEVICE) {
          if (owner.write === DEVICE) storeDevice32(owner, address, value >>> 0);
          else slow.storeServed(owner.write, address, 4, value);
          return;
        }
      }
      const page = recent[((address >>> 12) ^ (address >>> 22)) & SLOTS] as PageSections;
      const at = address - page.start;
      if ((at & 0xfff) === at && page.generation === words[generation]) {
        const section = page.cells[at >>> page.shift] as Section;
        if (at + 4 <= section.end) {
          if (section.write === MEMORY) {
            const host = section.host + at;
            data.setUint32(host, value, true);
            dirty[host >>> 12] = DIRTY_MARK;
            dirty[(host + 3) >>> 12] = DIRTY_MARK;
            return;
          }
          if (section.write === DEVICE) {
            storeDevice32(section, address, value >>> 0);
            return;
          }
          if (section.write >= DENIED) {
            slow.storeServed(section.write, address, 4, value);
            return;
          }
        }
      }
    }
    if (typeof address === "number" && (address & 0xfff) > 4092 && crossing.store32(address, value)) return;
    slow.storeUnsigned(address, 4, value);
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
