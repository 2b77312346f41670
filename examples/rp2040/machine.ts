// rp2040js's RP2040 on a memory map: every load and store, by the core or by DMA, is a call of one of GuestMemory's
// methods, which finds memory, ROM, or a device that is one of rp2040js's peripherals.

import { GuestMemory, init } from "guest-memory";
import { RP2040 } from "rp2040js";
import { BOOT_ROM, FLASH, peripheralKey, peripheralRegion, regionsOf, SRAM, USB_DPRAM } from "./map.ts";

const LOG_NAME = "RP2040";

export class Machine extends RP2040 {
  /** `declare`, because a defined field would be set twice, and V8 would then treat it as one that changes. */
  declare readonly memory: GuestMemory;

  static async create(): Promise<Machine> {
    await init();
    return new Machine();
  }

  /** Once `init` is done: the devices in the map are this machine's, so neither can be there before the other. */
  constructor() {
    super();
    this.memory = GuestMemory.createSync(regionsOf(this), { name: "RP2040" });
    this.memory.onUnmapped = {
      read: (address, size) => this.readUnmapped(address, size),
      write: (address, size, value) => this.writeUnmapped(address, size, Number(value)),
    };
    this.memory.onDenied = { write: (address) => this.refuseStore(address) };
    this.memory.events.addEventListener("viewsdetached", () => this.takeViews());
    this.reset();
  }

  /** RP2040's constructor ends with a call of this, before there is a memory. That call does nothing. */
  override reset(): void {
    if (this.memory === undefined) return;
    this.takeViews();
    super.reset();
    // RP2040 erases flash through its array, which is a view. A writer through a view has to mark the bytes that it
    // wrote.
    this.memory.markDirty(FLASH.start, FLASH.size);
  }

  override loadBootrom(words: Uint32Array): void {
    this.memory.poke(BOOT_ROM.start, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    this.reset();
  }

  /** rp2040js's own arrays become views of guest memory, for code that takes them from the machine; anew after growth. */
  private takeViews(): void {
    const views = [BOOT_ROM, FLASH, SRAM, USB_DPRAM].map(({ start, size }) => this.memory.view(start, size));
    const [bootrom, flash, sram, usbDPRAM] = views;
    Object.assign(this, {
      bootrom: new Uint32Array(bootrom.buffer, bootrom.byteOffset, bootrom.length / 4),
      flash,
      flash16: new Uint16Array(flash.buffer, flash.byteOffset, flash.length / 2),
      flashView: new DataView(flash.buffer, flash.byteOffset, flash.length),
      sram,
      sramView: new DataView(sram.buffer, sram.byteOffset, sram.length),
      usbDPRAM,
      usbDPRAMView: new DataView(usbDPRAM.buffer, usbDPRAM.byteOffset, usbDPRAM.length),
    });
  }

  /** Stores to ROM are ignored, as on the chip. */
  private refuseStore(address: number): void {
    this.logger.warn(LOG_NAME, `a store to ROM, at 0x${address.toString(16)}, changes nothing`);
  }

  /** A load that the map does not answer, or not as a whole. The result is the same as in rp2040js. */
  private readUnmapped(address: number, size: number): number | undefined {
    if (this.mapPeripheral(address)) return undefined; // the access is made on what is mapped now
    const { prototype } = RP2040;
    if (size === 4) return prototype.readUint32.call(this, address);
    return size === 2 ? prototype.readUint16.call(this, address) : prototype.readUint8.call(this, address);
  }

  private writeUnmapped(address: number, size: number, value: number): void {
    if (this.mapPeripheral(address)) return;
    const { prototype } = RP2040;
    if (size === 4) prototype.writeUint32.call(this, address, value);
    else if (size === 2) prototype.writeUint16.call(this, address, value);
    else prototype.writeUint8.call(this, address, value);
  }

  /** Maps the peripheral that an application has added there since the map was made. @returns whether there is one */
  private mapPeripheral(address: number): boolean {
    if (!this.findPeripheral(address) || this.memory.addressInRange(address)) return false;
    // Priority -1, below the chip's regions, because a block of the size of a peripheral may overlap a smaller region.
    this.memory.map(peripheralRegion(this, peripheralKey(address), -1));
    return true;
  }

  // `>>> 0` because the core adds registers without wrapping the sum.

  override readUint32(address: number): number {
    const wrapped = address >>> 0;
    if (wrapped & 3) this.logger.error(LOG_NAME, `a word is read from 0x${wrapped.toString(16)}, which is not aligned`);
    return this.memory.readUint32(wrapped);
  }

  override readUint16(address: number): number {
    return this.memory.readUint16(address >>> 0);
  }

  override readUint8(address: number): number {
    return this.memory.readUint8(address >>> 0);
  }

  override writeUint32(address: number, value: number): void {
    this.memory.writeUint32(address >>> 0, value);
  }

  override writeUint16(address: number, value: number): void {
    this.memory.writeUint16(address >>> 0, value);
  }

  override writeUint8(address: number, value: number): void {
    this.memory.writeUint8(address >>> 0, value);
  }
}

// rp2040js's USB controller takes these two arrays to write to them, at any time. So taking one counts as a write in the
// dirty log. On the prototype, and not in the class, because TypeScript wants fields to stay fields.
const arrays = new WeakMap<Machine, Record<string, unknown>>();
for (const name of ["usbDPRAM", "usbDPRAMView"]) {
  Object.defineProperty(Machine.prototype, name, {
    get(this: Machine) {
      this.memory?.markDirty(USB_DPRAM.start, USB_DPRAM.size);
      return arrays.get(this)?.[name];
    },
    set(this: Machine, array: unknown) {
      arrays.set(this, { ...arrays.get(this), [name]: array });
    },
  });
}
