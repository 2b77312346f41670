// rp2040js's RP2040 with its SRAM, flash and boot ROM in guest memory: every load and store of these, by the core or by
// DMA, is a call of one of GuestMemory's methods. Peripherals stay with rp2040js.

import type { GuestMemory } from "guest-memory";
import { RP2040 } from "rp2040js";

export const BOOT_ROM = { name: "boot ROM", start: 0x0000_0000, size: 16 * 1024 } as const;
export const FLASH = { name: "flash", start: 0x1000_0000, size: 16 * 1024 * 1024 } as const;
export const SRAM = { name: "SRAM", start: 0x2000_0000, size: 264 * 1024 } as const;

/** What a machine's guest memory must hold, for `GuestMemory.fromRanges`. */
export const RANGES = [BOOT_ROM, FLASH, SRAM].map(({ start, size }): [number, number] => [start, size]);

/** Peripherals, SIO and the core's own registers are from here on; only the flash controller's are below. */
const PERIPHERALS_START = 0x4000_0000;
/** Flash appears four times in 64 MiB; rp2040js reads words and what is in words from each, and stores to the first. */
const FLASH_MIRRORS_END = FLASH.start + 4 * FLASH.size;

export class Machine extends RP2040 {
  /** `declare`: a field that is defined would be set twice, and V8 then takes it for one that changes. */
  declare readonly memory: GuestMemory;

  constructor(memory: GuestMemory) {
    super();
    this.memory = memory;
    memory.onUnmapped = {
      read: (address, size) => this.readUnmapped(address, size),
      write: (address, size, value) => this.writeUnmapped(address, size, Number(value)),
    };
    memory.events.addEventListener("viewsdetached", () => this.takeViews());
    this.reset();
  }

  /** The constructor of RP2040 ends in a call of this, before there is a memory: that one does nothing. */
  override reset(): void {
    if (this.memory === undefined) return;
    this.takeViews();
    super.reset();
    // RP2040 erases flash through its array, which is a view: a writer through a view marks what it wrote.
    this.memory.markDirty(FLASH.start, FLASH.size);
  }

  override loadBootrom(words: Uint32Array): void {
    this.memory.writeSlice(BOOT_ROM.start, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    this.reset();
  }

  /** rp2040js's own arrays become views of guest memory, for code that takes them from the machine; anew after growth. */
  private takeViews(): void {
    const [bootrom, flash, sram] = [BOOT_ROM, FLASH, SRAM].map(({ start, size }) => this.memory.view(start, size));
    Object.assign(this, {
      bootrom: new Uint32Array(bootrom.buffer, bootrom.byteOffset, bootrom.length / 4),
      flash,
      flash16: new Uint16Array(flash.buffer, flash.byteOffset, flash.length / 2),
      flashView: new DataView(flash.buffer, flash.byteOffset, flash.length),
      sram,
      sramView: new DataView(sram.buffer, sram.byteOffset, sram.length),
    });
  }

  /** A load that guest memory does not hold, or not all of it. */
  private readUnmapped(address: number, size: number): number {
    const mirrored = address >= FLASH.start + FLASH.size && address < FLASH_MIRRORS_END;
    const found = mirrored ? FLASH.start + (address % FLASH.size) : address;
    if (size === 4) return mirrored ? this.memory.readUint32(found) : super.readUint32(found);
    if (size === 2) return mirrored ? this.memory.readUint16(found) : super.readUint16(found);
    return mirrored ? this.memory.readUint8(found) : super.readUint8(found);
  }

  private writeUnmapped(address: number, size: number, value: number): void {
    if (size === 4) super.writeUint32(address, value);
    else if (size === 2) super.writeUint16(address, value);
    else super.writeUint8(address, value);
  }

  // One comparison, and the page table finds the rest: what is below the peripherals and not memory comes back through
  // `onUnmapped`. `>>> 0` because the core adds registers without wrapping the sum.

  override readUint32(address: number): number {
    const wrapped = address >>> 0;
    if (wrapped >= PERIPHERALS_START) return super.readUint32(wrapped);
    if (wrapped & 3) this.logger.error("RP2040", `a word is read from 0x${wrapped.toString(16)}, which is not aligned`);
    return this.memory.readUint32(wrapped);
  }

  /** Not even that comparison: each instruction is fetched here, and peripherals are seldom read by halfwords. */
  override readUint16(address: number): number {
    return this.memory.readUint16(address >>> 0);
  }

  override readUint8(address: number): number {
    const wrapped = address >>> 0;
    return wrapped < PERIPHERALS_START ? this.memory.readUint8(wrapped) : super.readUint8(wrapped);
  }

  override writeUint32(address: number, value: number): void {
    const wrapped = address >>> 0;
    if (wrapped < PERIPHERALS_START) this.memory.writeUint32(wrapped, value);
    else super.writeUint32(wrapped, value);
  }

  override writeUint16(address: number, value: number): void {
    const wrapped = address >>> 0;
    if (wrapped < PERIPHERALS_START) this.memory.writeUint16(wrapped, value);
    else super.writeUint16(wrapped, value);
  }

  override writeUint8(address: number, value: number): void {
    const wrapped = address >>> 0;
    if (wrapped < PERIPHERALS_START) this.memory.writeUint8(wrapped, value);
    else super.writeUint8(wrapped, value);
  }
}
