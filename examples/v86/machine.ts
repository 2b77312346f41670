// A PC in npm's v86, unmodified, with access to its RAM and with addresses of this example: v86 keeps the guest's RAM
// in its own WebAssembly.Memory, which grows while it runs, and calls closures for addresses outside of RAM.

import { V86 } from "v86";
import { GuestConsole } from "./console.ts";

export const FILES = ["v86.wasm", "bios.bin", "vgabios.bin", "vmlinuz.bin", "initrd.cpio"] as const;

/** The files that a machine boots from. build.mjs makes all but v86's own. */
export type Files = Record<(typeof FILES)[number], Uint8Array<ArrayBuffer>>;

const RAM_SIZE = 128 * 1024 * 1024;
/** No self-tests of the kernel's ciphers, and no search for ISA cards: a third of the time that it starts in. */
const COMMAND_LINE = "console=ttyS0 cryptomgr.notests noisapnp";

/** The size of a block in bytes: v86 registers its closures for accesses outside of RAM by blocks. */
export const BLOCK_SIZE = 128 * 1024;

/** Answers for this example's addresses, as a GuestMemory does. It must not throw, since that would end the machine. */
export interface Bus {
  readUint8(address: number): number;
  readUint32(address: number): number;
  writeUint8(address: number, value: number): void;
  writeUint32(address: number, value: number): void;
}

/** v86's exports that are used here. */
interface Exports {
  memory: WebAssembly.Memory;
  allocate_memory(size: number): number;
  jit_dirty_cache(start: number, end: number): void;
}

/** The part of v86's inside that takes closures for addresses. Its declarations leave it out. */
interface Inside {
  v86: {
    cpu: {
      io: {
        mmap_register(
          start: number,
          size: number,
          read8: (address: number) => number,
          write8: (address: number, value: number) => void,
          read32: (address: number) => number,
          write32: (address: number, value: number) => void,
        ): void;
      };
    };
  };
}

export class Machine {
  readonly console: GuestConsole;
  readonly ramSize = RAM_SIZE;
  readonly #emulator: V86;
  #exports: Exports | undefined;
  #ramOffset = 0;
  #buffer: ArrayBuffer | undefined;
  #growths = 0;

  private constructor(files: Files) {
    this.#emulator = new V86({
      wasm_fn: (imports) => this.#instantiate(files["v86.wasm"], imports),
      memory_size: RAM_SIZE,
      vga_memory_size: 1024 * 1024,
      bios: image(files["bios.bin"]),
      vga_bios: image(files["vgabios.bin"]),
      bzimage: image(files["vmlinuz.bin"]),
      initrd: image(files["initrd.cpio"]),
      cmdline: COMMAND_LINE,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
    });
    this.console = new GuestConsole((text) => this.#emulator.serial0_send(text));
    this.#emulator.add_listener("serial0-output-byte", (byte) => {
      this.#noticeGrowth();
      this.console.receive(byte);
    });
  }

  /** A machine with its kernel in RAM, that has not run yet. */
  static async create(files: Files): Promise<Machine> {
    const machine = new Machine(files);
    await new Promise<void>((resolve) => machine.#emulator.add_listener("emulator-loaded", () => resolve()));
    return machine;
  }

  /** Lets the machine run. */
  async start(): Promise<void> {
    await this.#emulator.run();
  }

  /** Ends the machine. */
  async stop(): Promise<void> {
    await this.#emulator.destroy();
  }

  /** v86 itself, whose `read_memory` and `write_memory` look at no bounds. */
  get emulator(): V86 {
    return this.#emulator;
  }

  /** v86's memory, in which RAM is the bytes from `ramOffset` on. */
  get memory(): WebAssembly.Memory {
    return this.#running().memory;
  }

  get ramOffset(): number {
    return this.#ramOffset;
  }

  /** The guest's RAM, until v86's memory grows: it may whenever the guest runs. */
  get ram(): Uint8Array<ArrayBuffer> {
    this.#noticeGrowth();
    return new Uint8Array(this.memory.buffer as ArrayBuffer, this.#ramOffset, RAM_SIZE);
  }

  /** The number of growths of v86's memory that were seen since the guest has had RAM. */
  get growths(): number {
    this.#noticeGrowth();
    return this.#growths;
  }

  /** Must follow each store of the host's to RAM, because v86 may have compiled the old bytes. */
  wrote(address: number, length: number): void {
    this.#running().jit_dirty_cache(address, address + length);
  }

  /** Makes `bus` answer for addresses, in whole blocks. v86 cannot undo it. */
  attach(start: number, size: number, bus: Bus): void {
    if (start % BLOCK_SIZE !== 0 || size % BLOCK_SIZE !== 0) throw new RangeError("v86 attaches whole blocks only");
    (this.#emulator as unknown as Inside).v86.cpu.io.mmap_register(
      start,
      size,
      (address) => bus.readUint8(address >>> 0),
      (address, value) => bus.writeUint8(address >>> 0, value),
      (address) => bus.readUint32(address >>> 0),
      (address, value) => bus.writeUint32(address >>> 0, value),
    );
  }

  /** v86's module, with the call seen by which it takes RAM. */
  async #instantiate(wasm: BufferSource, imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
    const { instance } = await WebAssembly.instantiate(wasm, imports);
    const exports = instance.exports as unknown as Exports;
    this.#exports = exports;
    const allocate_memory = (size: number) => {
      this.#ramOffset = exports.allocate_memory(size) >>> 0;
      this.#buffer = exports.memory.buffer as ArrayBuffer;
      return this.#ramOffset;
    };
    return { ...instance.exports, allocate_memory };
  }

  #running(): Exports {
    if (this.#exports === undefined) throw new Error("v86 has not been instantiated yet");
    return this.#exports;
  }

  /** Growth gives the memory a new buffer. */
  #noticeGrowth(): void {
    const { buffer } = this.memory;
    if (this.#buffer === undefined || buffer === this.#buffer) return;
    this.#buffer = buffer as ArrayBuffer;
    this.#growths += 1;
  }
}

/** A file as v86 takes it: the whole of an ArrayBuffer. */
const image = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) => ({
  buffer: buffer.slice(byteOffset, byteOffset + byteLength),
});
