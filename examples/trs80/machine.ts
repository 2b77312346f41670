// trs80-emulator's TRS-80 on a memory map: every load and store of its Z80 is a call of one of GuestMemory's methods,
// which finds RAM, ROM, screen or keyboard.

import { GuestMemory, init } from "guest-memory";
import { CassettePlayer, Config, type Keyboard, SilentSoundPlayer, Trs80, type Trs80Screen } from "trs80-emulator";
import { ADDRESS_SPACE, regionsOf } from "./map.ts";

/** A Model III with all its RAM, by trs80-emulator alone. */
export const createAlone = (screen: Trs80Screen, keyboard: Keyboard) => new Trs80(...partsOf(screen, keyboard));

const partsOf = (screen: Trs80Screen, keyboard: Keyboard) =>
  [Config.makeDefault(), screen, keyboard, new CassettePlayer(), new SilentSoundPlayer()] as const;

/** The array that Trs80 makes for itself, until a machine has guest memory. */
const ownMemory = new WeakMap<Machine, Uint8Array>();

/** The same Model III in guest memory. */
export class Machine extends Trs80 {
  /** `declare`, because a defined field would be set twice, and V8 would then treat it as one that changes. */
  declare readonly guestMemory: GuestMemory;

  static async create(screen: Trs80Screen, keyboard: Keyboard): Promise<Machine> {
    await init();
    return new Machine(screen, keyboard);
  }

  /** Once `init` is done: the devices in the map are this machine's, so neither can be there before the other. */
  constructor(screen: Trs80Screen, keyboard: Keyboard) {
    super(...partsOf(screen, keyboard));
    const rom = ownMemory.get(this) ?? new Uint8Array(0);
    const store = (address: number, value: number) => this.guestMemory.poke(address, Uint8Array.of(value));
    this.guestMemory = GuestMemory.createSync(regionsOf(this, screen, rom, store), { name: "TRS-80 Model III" });
    ownMemory.delete(this);
    this.guestMemory.onUnmapped = { read: () => 0xff, write: () => {} }; // past the end of memory, as Trs80 has it
    this.guestMemory.onDenied = { write: (address, _size, value) => super.writeMemory(address, Number(value)) };
  }

  /** Another configuration may have other memory. */
  override setConfig(config: Config): void {
    if (config.needsReboot(this.getConfig())) throw new Error("a machine of another configuration is a new one");
    super.setConfig(config);
  }

  override readMemory(address: number): number {
    return this.guestMemory.readUint8(address);
  }

  override writeMemory(address: number, value: number): void {
    this.guestMemory.writeUint8(address, value);
  }
}

// Trs80 reads the field `memory` for a screenshot, and to find the BASIC program that was typed in. It gets the present
// bytes. On the prototype, and not in the class, because the field is private in TypeScript's eyes.
Object.defineProperty(Machine.prototype, "memory", {
  get(this: Machine) {
    return this.guestMemory?.peek(0, ADDRESS_SPACE).bytes ?? ownMemory.get(this);
  },
  set(this: Machine, array: Uint8Array) {
    ownMemory.set(this, array);
  },
});
