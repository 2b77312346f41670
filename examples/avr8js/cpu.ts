// avr8js's CPU with its memories in guest memory: its arrays are views, and loads and stores of SRAM are calls of
// GuestMemory's methods.

import { CPU } from "avr8js";
import { GuestMemory, init } from "guest-memory";
import { DATA, FLASH, REGIONS, SRAM } from "./map.ts";

/** avr8js alone: program memory and data memory are its own arrays. */
export const createAlone = () => new CPU(new Uint16Array(FLASH.size / 2), DATA.size - SRAM);

export class GuestCpu extends CPU {
  /** `declare`, because a defined field would be set twice, and V8 would then treat it as one that changes. */
  declare readonly guestMemory: GuestMemory;

  static async create(): Promise<GuestCpu> {
    await init();
    return new GuestCpu();
  }

  /** Once `init` is done. */
  constructor() {
    super(new Uint16Array(FLASH.size / 2), DATA.size - SRAM);
    this.guestMemory = GuestMemory.createSync(REGIONS, { name: "ATmega1284P" });
    this.guestMemory.events.addEventListener("viewsdetached", () => this.takeViews());
    this.takeViews();
    this.reset();
  }

  /**
   * Marks data memory as written. The caller that runs the CPU calls it when the CPU stops: avr8js stores registers, and
   * the bytes that calls, interrupts and pushes leave on the stack, into `data` itself, a view that marks nothing. It
   * does not tell how far down the stack reached.
   */
  markDirty(): void {
    this.guestMemory.markDirty(DATA.start, DATA.size);
  }

  /**
   * Replaces avr8js's own arrays by views of guest memory; called again after growth. Linear memory must not grow in the
   * middle of an instruction: avr8js takes its array before it loads, and puts the loaded byte into the old array.
   */
  private takeViews(): void {
    const [flash, data] = [FLASH, DATA].map(({ start, size }) => this.guestMemory.view(start, size));
    Object.assign(this, {
      progMem: new Uint16Array(flash.buffer, flash.byteOffset, flash.length / 2),
      progBytes: flash,
      data,
      data16: new Uint16Array(data.buffer, data.byteOffset, data.length / 2),
      dataView: new DataView(data.buffer, data.byteOffset, data.length),
    });
  }

  // Registers lie below SRAM, and I/O registers have hooks. Past the end of SRAM avr8js has neither memory nor an error.

  override readData(address: number): number {
    if (address < SRAM || address >= DATA.size) return super.readData(address);
    return this.guestMemory.readUint8(DATA.start + address);
  }

  override writeData(address: number, value: number, mask?: number): void {
    if (address < SRAM || address >= DATA.size) super.writeData(address, value, mask);
    else this.guestMemory.writeUint8(DATA.start + address, value);
  }
}
