// The map as a list of regions, and the bytes of the one that was chosen.

import type { MapAsData } from "guest-memory";
import type { Bytes, Look } from "./protocol.ts";

const COLUMNS = 16;
const SHOWN = 256; // bytes

export const hexadecimal = (address: number) => `0x${address.toString(16).padStart(8, "0")}`;
const byteText = (byte: number) => byte.toString(16).padStart(2, "0");

interface Shown {
  name: string;
  start: number;
  end: number;
}

export class Inspector {
  readonly #list: HTMLElement;
  readonly #title: HTMLElement;
  readonly #bytes: HTMLElement;
  readonly #ask: (look: Look) => void;
  #region: Shown | undefined;
  #address = 0;

  /**
   * @param ask sends a question to the worker
   * @param choose takes the address of a byte that was clicked
   */
  constructor(root: ParentNode, ask: (look: Look) => void, choose: (address: number) => void) {
    const element = (selector: string) => root.querySelector(selector) as HTMLElement;
    this.#list = element("#regions");
    this.#title = element("#bytes-region");
    this.#bytes = element("#bytes");
    this.#ask = ask;
    element("#bytes-back").addEventListener("click", () => this.#turn(-SHOWN));
    element("#bytes-on").addEventListener("click", () => this.#turn(SHOWN));
    this.#bytes.addEventListener("click", ({ target }) => {
      const address = (target as HTMLElement).dataset.address;
      if (address !== undefined) choose(Number(address));
    });
  }

  /** Shows a map's regions. The chosen region stays chosen. */
  showMap({ regions }: MapAsData): void {
    const buttons = regions
      .map(({ name, kind, start, size, of }) => ({ name, kind, start: Number(start), size: Number(size), of }))
      .sort((a, b) => a.start - b.start)
      .map(({ name, kind, start, size, of }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.kind = kind;
        const [title, where] = [document.createElement("b"), document.createElement("span")];
        title.textContent = name;
        where.textContent = `${hexadecimal(start)}, ${sizeText(size)}, ${of === undefined ? kind : `alias of ${of}`}`;
        button.append(title, where);
        button.addEventListener("click", () => this.#choose({ name, start, end: start + size }, start));
        const item = document.createElement("li");
        item.append(button);
        return item;
      });
    this.#list.replaceChildren(...buttons);
    this.refresh();
  }

  /** Asks for the bytes again. */
  refresh(): void {
    if (this.#region === undefined) return;
    const length = Math.min(SHOWN, this.#region.end - this.#address);
    this.#ask({ type: "look", address: this.#address, length });
  }

  showBytes({ address, bytes, known }: Bytes): void {
    if (address !== this.#address) return; // an answer to an older question
    const rows: HTMLElement[] = [];
    for (let row = 0; row < bytes.length; row += COLUMNS) {
      const line = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = hexadecimal(address + row);
      line.append(head);
      for (let at = row; at < row + COLUMNS && at < bytes.length; at++) {
        const cell = document.createElement("td");
        cell.dataset.address = String(address + at);
        cell.textContent = known[at] ? byteText(bytes[at]) : "··";
        line.append(cell);
      }
      rows.push(line);
    }
    this.#bytes.replaceChildren(...rows);
  }

  #choose(region: Shown, address: number): void {
    this.#region = region;
    this.#address = address;
    this.#title.textContent = `${region.name}, from ${hexadecimal(address)}`;
    this.refresh();
  }

  #turn(by: number): void {
    const region = this.#region;
    const address = this.#address + by;
    if (region && address >= region.start && address < region.end) this.#choose(region, address);
  }
}

function sizeText(size: number): string {
  return size >= 1 << 20 ? `${size / (1 << 20)} MiB` : `${size / 1024} KiB`;
}
