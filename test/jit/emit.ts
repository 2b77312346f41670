// A small JIT: assembles the sequence that docs/page-table.md gives, for each size that its table names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { root } from "../../scripts/toolchain.mjs";
import type { GuestMemory } from "../../ts/index.ts";

export const sizes = [1, 2, 4, 8] as const;
export type Size = (typeof sizes)[number];

const document = readFileSync(join(root, "docs", "page-table.md"), "utf8");

/** The program that the emitted code is: guest words are copied one by one, each through the sequence. */
const program = `
  (func (export "copy") (param $to i32) (param $from i32) (param $count i32)
    (loop $next
      (if (local.get $count)
        (then
          (call $store (local.get $to) (call $load (local.get $from)))
          (local.set $to (i32.add (local.get $to) (i32.const SIZE)))
          (local.set $from (i32.add (local.get $from) (i32.const SIZE)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $next)))))
)`;

/** The document's text for 4 bytes, with the replacements that its table gives for `size`. */
function textFor(size: Size): string {
  const text = /```wat\n(.*?)\n```/s.exec(document)?.[1];
  const cell = "\\s*`([\\w.]+)`\\s*\\|";
  const row = new RegExp(`^\\|\\s*${size}\\s*\\|${cell}${cell}${cell}`, "m").exec(document);
  if (text === undefined || row === null) throw new Error(`docs/page-table.md has no sequence for ${size} bytes`);
  const [, load = "", store = "", last = ""] = row;
  const type = load.slice(0, 3);
  return text
    .replace(/\)$/, program)
    .replaceAll("SIZE", `${size}`)
    .replaceAll("0xffc)", `${last})`)
    .replaceAll("i32.load align=1", `${load} align=1`)
    .replaceAll("i32.store align=1", `${store} align=1`)
    .replaceAll("(result i32)", `(result ${type})`)
    .replaceAll("(param $value i32)", `(param $value ${type})`);
}

/** Assembled once: the tables' places are imports, so one module serves every memory. */
const modules = new Map(
  sizes.map((size) => {
    const module = binaryen.parseText(textFor(size));
    if (!module.validate()) throw new Error(`the sequence for ${size} bytes is not valid`);
    const code = new WebAssembly.Module(Uint8Array.from(module.emitBinary()));
    module.dispose();
    return [size, code];
  }),
);

interface Code {
  load(address: number): number | bigint;
  store(address: number, value: number | bigint): void;
  copy(to: number, from: number, count: number): void;
}

/** Emitted code for one memory. It is never emitted again, whatever happens to the memory. */
export class Emitted {
  /** How often the emitted code called the slow path. */
  callouts = 0;
  readonly #code = new Map<Size, Code>();

  constructor(memory: GuestMemory) {
    const { pageTable, dirty } = memory.tables;
    for (const [size, module] of modules) {
      const guest = {
        memory: memory.wasmMemory,
        table: pageTable.byteOffset,
        dirty: dirty.byteOffset,
        load: (address: number) => {
          this.callouts++;
          return read(memory, address >>> 0, size);
        },
        store: (address: number, value: number | bigint) => {
          this.callouts++;
          write(memory, address >>> 0, size, value);
        },
      };
      const { exports } = new WebAssembly.Instance(module, { guest });
      this.#code.set(size, exports as unknown as Code);
    }
  }

  /** The code for one size. */
  of(size: Size): Code {
    return this.#code.get(size) as Code;
  }

  load(address: number, size: Size): number | bigint {
    const value = this.of(size).load(address);
    return typeof value === "number" ? value >>> 0 : BigInt.asUintN(64, value);
  }

  store(address: number, size: Size, value: number | bigint): void {
    this.of(size).store(address, value);
  }
}

/** Reads by the facade's own accessor. */
export function read(memory: GuestMemory, address: number, size: Size): number | bigint {
  if (size === 1) return memory.readUint8(address);
  if (size === 2) return memory.readUint16(address);
  return size === 4 ? memory.readUint32(address) : memory.readBigUint64(address);
}

/** Writes by the facade's own accessor. */
export function write(memory: GuestMemory, address: number, size: Size, value: number | bigint): void {
  if (size === 8) memory.writeBigUint64(address, BigInt(value));
  else if (size === 4) memory.writeUint32(address, Number(value));
  else if (size === 2) memory.writeUint16(address, Number(value));
  else memory.writeUint8(address, Number(value));
}
