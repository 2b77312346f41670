// Section: adjacent bytes of one guest page with one answer for each kind of access. PageSections: all of a page.

import type { BoundDevice } from "../device/bound-device.ts";
import type { Device } from "../device/device.ts";

/** Only the core knows: external memory, discarded memory, watched bytes, a device without handlers here. */
export const UNKNOWN = 0;
/** Linear memory. */
export const MEMORY = 1;
/** A device. */
export const DEVICE = 2;
/** A refusal, by ROM or by `protect`, which `onDenied` may serve. */
export const DENIED = 3;
/** A hole, which `onUnmapped` may serve. */
export const HOLE = 4;

/** The number of bytes in a page. */
export const PAGE = 0x1000;

/** The device, memory or handler that serves the bytes, for each kind of access. */
export class Section {
  /** The first byte, and the byte after the last one, as offsets in the page. */
  start: number;
  end: number;
  read: number = UNKNOWN;
  write: number = UNKNOWN;
  execute: number = UNKNOWN;
  /** The host offset of the page's byte 0, as if the section's memory began there. */
  host = 0;
  /** The device's offset of the page's byte 0, in the same way. */
  offset = 0;
  device: BoundDevice | undefined = undefined;
  /** The device's own object. */
  handlers: Device | undefined = undefined;
  /** The kinds of access, as bits, that are unknown because a watch of the page may see them. */
  watched = 0;
  /** The kinds of access, as bits, that no watch of the page sees here. */
  unwatched = 0;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** The same answers for fewer bytes. */
  part(start: number, end: number): Section {
    return Object.assign(new Section(start, end), this, { start, end });
  }
}

/** The sections of a page, for one generation of the map. */
export class PageSections {
  /** The page's address. */
  readonly start: number;
  readonly generation: number;
  readonly sections: readonly Section[];
  /** The section of each cell of `1 << shift` bytes. No section begins inside a cell. */
  readonly cells: readonly Section[];
  readonly shift: number;

  constructor(start: number, generation: number, sections: readonly Section[]) {
    this.start = start;
    this.generation = generation;
    this.sections = sections;
    // The lowest bit that is set in any of the starts. A page of one section is one cell.
    const starts = sections.reduce((bits, { start }) => bits | start, PAGE);
    this.shift = 31 - Math.clz32(starts & -starts);
    const cells: Section[] = [];
    for (const section of sections) {
      while (cells.length << this.shift < section.end) cells.push(section);
    }
    this.cells = cells;
  }
}

/** Answers nothing: its page has no generation, and each access ends after it. */
export const NOTHING: Section = new Section(0, 0);
