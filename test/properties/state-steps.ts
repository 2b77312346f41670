// Random steps of a machine whose states are kept: writes of every kind, and changes of the map.
import fc from "fast-check";
import type { StateMachine } from "./state-machine.ts";

const REGIONS = ["RAM", "odd", "bank 0", "bank 1", "ROM", "flash", "VRAM"] as const;

export interface Step {
  readonly kind: string;
  readonly at: number;
  readonly size: number;
  readonly value: number;
  readonly pick: number;
}

/** What a step does, by its kind. */
export const changes: Record<string, (machine: StateMachine, step: Step) => void> = {
  scalar: ({ memory }, { at, value }) => memory.writeUint32(at % 0x97fc, value),
  "64 bits": ({ memory }, { at, value }) => memory.writeBigUint64(at % 0x97f8, BigInt(value)),
  atomic: ({ memory }, { at, value }) => void memory.add32((at % 0x97f8) & ~3, value),
  sibling: ({ sibling }, { at, value }) => sibling.writeUint16(0x100_0000 + (at % 0x97fe), value),
  "by the window": ({ memory }, { at, value }) => memory.writeUint8(0x5_0000 + (at % 0x2000), value),
  slice: ({ memory }, { at, size, value }) => memory.writeSlice(at % 0x6000, new Uint8Array(size).fill(value)),
  fill: ({ memory }, { at, size, value }) => memory.fill(0xc123 + (at % 0x1000), value, Math.min(size, 0x1345)),
  zero: ({ memory }, { at, size }) => memory.fill(at % 0x6000, 0, size),
  copy: ({ memory }, { at, size, pick }) => memory.copyWithin(at % 0x6000, pick % 0x6000, size),
  dma: ({ memory }, { at, value }) => memory.dma(at % 0x9000, 16, "write").writeUint32(4, value),
  poke: ({ memory }, { at, value }) => memory.poke(0x2_0000 + (at % 0x1fff), Uint8Array.of(value, value >> 8)),
  region: (machine, { at, value, pick }) => {
    const region = machine.region(REGIONS[pick % REGIONS.length] as string);
    region.write(at % region.size, Uint8Array.of(value));
  },
  bank: ({ memory }, { at, value }) => memory.writeUint32(0x1_0000 + (at % 0x2ffd), value),
  view: ({ memory }, { at, value }) => {
    memory.view(at % 0x9800, 1)[0] = value;
    memory.markDirty(at % 0x9800, 1);
  },
  external: ({ external }, { at, value }) => {
    external[4 + (at % (external.length - 8))] = value;
  },
  discard: (machine, { at, size }) => machine.discard((at % 0x8000) & ~0xfff, (size & ~0xfff) + 0x1000),
  "discard odd": (machine, { at, size }) => machine.discard(0xc123 + (at % 0x1000), Math.min(size, 0x1200)),
  banks: (machine, { pick }) => {
    const [one, other] = pick % 2 ? ["bank 0", "bank 1"] : ["bank 1", "bank 0"];
    machine.memory.transaction(() => {
      machine.region(one).disable();
      machine.region(other).enable();
    });
  },
  move: (machine, { at }) => machine.region("odd").move(0x6_0000 + (at % 0x5000)),
  show: (machine, { at, pick }) => machine.region("window").show(pick % 2 ? "RAM" : "bank 1", at % 0x1001),
  protect: ({ memory }, { at, pick }) => memory.protect(0x5_0000 + ((pick % 2) << 12), 0x1000, at % 2 ? "r--" : "rwx"),
  client: (machine) => {
    if (machine.clients.length === 7) machine.clients.shift()?.client.dispose();
    machine.clients.push({ client: machine.memory.dirty.client("other"), pages: new Set() });
  },
};

/** An arbitrary step of these kinds. */
export const stepOf = (kinds: readonly string[]): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    at: fc.nat(0xffff),
    size: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 0x3000 })),
    value: fc.oneof(fc.nat(0xffff_ffff), fc.constant(0)),
    pick: fc.nat(0xffff),
  });
