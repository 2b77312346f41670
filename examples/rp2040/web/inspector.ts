// The map as a list of regions, and the bytes of the one that was chosen.

import type { MapAsData } from "guest-memory";
import { ByteTable } from "./byte-table.ts";
import { hexadecimal } from "./hexadecimal.ts";
import type { Bytes, Look } from "./protocol.ts";

const SHOWN = 256; // bytes

interface Shown {
  name: string;
  start: number;
  end: number;
}

export class Inspector {
  readonly #list: HTMLElement;
  readonly #title: HTMLElement;
  readonly #bytes: ByteTable;
  readonly #ask: (look: Look) => void;
  #region: Shown | undefined;
  #address = 0;

  /**
   * @param ask sends a question to the worker
   * @param choose takes the address of a byte that the reader chose
   */
  constructor(root: ParentNode, ask: (look: Look) => void, choose: (address: number) => void) {
    const element = (selector: string) => root.querySelector(selector) as HTMLElement;
    this.#list = element("#regions");
    this.#title = element("#bytes-region");
    this.#bytes = new ByteTable(element("#bytes"), choose);
    this.#ask = ask;
    element("#bytes-back").addEventListener("click", () => this.#turn(-SHOWN));
    element("#bytes-next").addEventListener("click", () => this.#turn(SHOWN));
  }

  /** Shows a map's regions. The chosen region stays chosen; the first is the RAM. */
  showMap({ regions }: MapAsData): void {
    const listed = regions
      .map(({ name, kind, start, size, of }) => ({ name, kind, start: Number(start), size: Number(size), of }))
      .sort((a, b) => a.start - b.start);
    const items = listed.map(({ name, kind, start, size, of }) => {
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
    this.#list.replaceChildren(...items);
    const ram = listed.find(({ kind }) => kind === "ram");
    if (this.#region === undefined && ram !== undefined) {
      this.#choose({ name: ram.name, start: ram.start, end: ram.start + ram.size }, ram.start);
    } else this.refresh();
  }

  /** Asks for the bytes again. */
  refresh(): void {
    if (this.#region === undefined) return;
    const length = Math.min(SHOWN, this.#region.end - this.#address);
    this.#ask({ type: "look", address: this.#address, length });
  }

  showBytes({ address, bytes, known }: Bytes): void {
    if (address !== this.#address) return; // an answer to an older question
    this.#bytes.show(address, bytes, known);
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
