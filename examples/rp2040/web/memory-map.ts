// The pages of guest memory: a canvas for each region that has bytes, with a square for each page. Its colour tells
// whether the host or the program wrote it, and how long ago.

import { hexadecimal } from "./hexadecimal.ts";
import type { Range } from "./protocol.ts";

const PAGE_SIZE = 4096;
const FADE = 1200; // milliseconds from "written just now" to "written"

/** Few pages are drawn large, and thousands small. */
const layout = (pages: number) => (pages > 512 ? { columns: 128, cell: 5 } : { columns: 22, cell: 28 });

interface RegionMap {
  start: number;
  pages: number;
  loaded: Uint8Array;
  /** When each page was last written, by `performance.now()`; 0: never. */
  written: Float64Array;
  /** Pages whose colour is still changing. */
  fading: Set<number>;
  canvas: HTMLCanvasElement;
  count: HTMLElement;
}

export class MemoryMap {
  readonly #element: HTMLElement;
  #regions: RegionMap[] = [];
  #writtenPages = 0;

  constructor(element: HTMLElement) {
    this.#element = element;
    const colours = matchMedia("(prefers-color-scheme: dark)");
    colours.addEventListener("change", () => this.#drawAll());
    const frame = () => {
      this.#drawFading();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Pages that the program has written so far. */
  get writtenPages(): number {
    return this.#writtenPages;
  }

  reset(regions: readonly { name: string; start: number; size: number }[], loaded: Range[]): void {
    this.#writtenPages = 0;
    this.#regions = regions.map(({ name, start, size }) => createRegion(name, start, size));
    this.#element.replaceChildren(...this.#regions.map(({ canvas }) => canvas.parentElement ?? canvas));
    this.#forPages(loaded, (region, page) => {
      region.loaded[page] = 1;
    });
    this.#drawAll();
  }

  markWritten(ranges: Range[]): void {
    const now = performance.now();
    this.#forPages(ranges, (region, page) => {
      if (region.written[page] === 0) this.#writtenPages += 1;
      region.written[page] = now;
      region.fading.add(page);
    });
    for (const { count, written, canvas } of this.#regions) {
      const pages = written.reduce((sum, time) => sum + Number(time > 0), 0);
      count.textContent = `${pages} of ${written.length} pages written`;
      canvas.setAttribute("aria-label", count.textContent);
    }
  }

  #forPages(ranges: Range[], use: (region: RegionMap, page: number) => void): void {
    for (const [start, length] of ranges) {
      const region = this.#regions.find(
        (region) => start >= region.start && start < region.start + region.pages * PAGE_SIZE,
      );
      if (region === undefined) continue;
      const first = Math.floor((start - region.start) / PAGE_SIZE);
      const end = Math.ceil((start + length - region.start) / PAGE_SIZE);
      for (let page = first; page < end; page++) use(region, page);
    }
  }

  #drawAll(): void {
    const palette = readPalette(this.#element);
    for (const region of this.#regions) {
      for (let page = 0; page < region.pages; page++) draw(region, page, palette);
    }
  }

  #drawFading(): void {
    if (this.#regions.every(({ fading }) => fading.size === 0)) return;
    const palette = readPalette(this.#element);
    for (const region of this.#regions) {
      for (const page of region.fading) {
        if (draw(region, page, palette) >= 1) region.fading.delete(page);
      }
    }
  }
}

function createRegion(name: string, start: number, size: number): RegionMap {
  const pages = size / PAGE_SIZE;
  const { columns, cell } = layout(pages);
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(columns, pages) * cell;
  canvas.height = Math.ceil(pages / columns) * cell;
  canvas.setAttribute("role", "img");
  const title = document.createElement("b");
  const addresses = document.createElement("span");
  addresses.textContent = ` ${hexadecimal(start)} to ${hexadecimal(start + size - 1)}`;
  title.append(name, addresses);
  const count = document.createElement("span");
  const caption = document.createElement("figcaption");
  caption.append(title, count);
  const figure = document.createElement("figure");
  figure.append(caption, canvas);
  const loaded = new Uint8Array(pages);
  return { start, pages, loaded, written: new Float64Array(pages), fading: new Set(), canvas, count };
}

type Palette = Record<"untouched" | "loaded" | "written" | "fresh", string>;

/** The colours of style.css, as the browser resolves them: the legend's own. */
function readPalette(element: HTMLElement): Palette {
  const colour = (state: string) => {
    const swatch = element.ownerDocument.querySelector(`#legend [data-state="${state}"]`);
    return swatch ? getComputedStyle(swatch).backgroundColor : "transparent";
  };
  return {
    untouched: colour("untouched"),
    loaded: colour("loaded"),
    written: colour("written"),
    fresh: colour("fresh"),
  };
}

/** Draws a page. @returns how far its colour has faded, 1 being all the way */
function draw({ canvas, loaded, written, pages }: RegionMap, page: number, palette: Palette): number {
  const context = canvas.getContext("2d");
  if (context === null) return 1;
  const { columns, cell } = layout(pages);
  const [left, top] = [(page % columns) * cell, Math.floor(page / columns) * cell];
  const fill = (colour: string, alpha = 1) => {
    context.globalAlpha = alpha;
    context.fillStyle = colour;
    context.fillRect(left, top, cell - 1, cell - 1);
  };
  const time = written[page];
  if (time === 0) {
    fill(loaded[page] ? palette.loaded : palette.untouched);
    return 1;
  }
  const faded = Math.min(1, (performance.now() - time) / FADE);
  fill(palette.written);
  fill(palette.fresh, 1 - faded);
  return faded;
}
