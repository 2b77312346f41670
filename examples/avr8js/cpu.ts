// avr8js's CPU with its memories in guest memory: its arrays are views, and loads and stores of SRAM are calls of
// GuestMemory's methods.

import { CPU } from "avr8js";
import { GuestMemory, init } from "guest-memory";
import { DATA, FLASH, REGIONS, SRAM } from "./map.ts";

/** avr8js alone: program memory and data memory are arrays of its own. */
export const createAlone = () => new CPU(new Uint16Array(FLASH.size / 2), DATA.size - SRAM);

export class GuestCpu extends CPU {
  /** `declare`: a field that is defined would be set twice, and V8 then takes it for one that changes. */
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
   * Marks data memory as written, for whoever runs the CPU to call when it stops: avr8js stores registers, and what
   * calls, interrupts and pushes leave on the stack, into `data` itself, which is a view and marks nothing. How far down
   * the stack came it does not say.
   */
  markDirty(): void {
    this.guestMemory.markDirty(DATA.start, DATA.size);
  }

  /**
   * avr8js's own arrays become views of guest memory; anew after growth, which must not happen in the middle of an
   * instruction: avr8js takes its array before it loads, and puts what it loaded into the old one.
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

  // Below SRAM lie registers, of which I/O registers have hooks; past its end avr8js has nothing, and no error.

  override readData(address: number): number {
    if (address < SRAM || address >= DATA.size) return super.readData(address);
    return this.guestMemory.readUint8(DATA.start + address);
  }

  override writeData(address: number, value: number, mask?: number): void {
    if (address < SRAM || address >= DATA.size) super.writeData(address, value, mask);
    else this.guestMemory.writeUint8(DATA.start + address, value);
  }
}
