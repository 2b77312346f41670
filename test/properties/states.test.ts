// Random writes of every kind, changes of the map, snapshots, merges and restorations: the state that comes back is the one
// that was copied whole. Replay a failure with PROPERTY_SEED=<seed>.
import fc from "fast-check";
import { expect, test } from "vitest";
import { GuestMemory, GuestMemoryError, init, Snapshot } from "../../ts/index.ts";
import { Counts, samples } from "./runs.ts";
import { type Saved, StateMachine } from "./state-machine.ts";

const LEAST_STEPS = 20_000;
const RUN = 160;
const RUNS = 130;
const REGIONS = ["RAM", "odd", "bank 0", "bank 1", "ROM", "flash", "VRAM"] as const;
const device = { peek: () => undefined };

interface Step {
  readonly kind: string;
  readonly at: number;
  readonly size: number;
  readonly value: number;
  readonly pick: number;
}

/** What a step does, by its kind. */
const KINDS: Record<string, (machine: StateMachine, step: Step) => void> = {
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
  collect: (machine, { pick }) => machine.collect(pick % 8),
  snapshot: (machine, step) => save(machine, step, undefined),
  since: (machine, step) => save(machine, step, machine.saved[step.pick % machine.saved.length]),
  forget: (machine, { pick }) => void machine.saved.splice(pick % (machine.saved.length + 1), 1),
  merge: (machine, { pick }) => {
    const saved = machine.saved[pick % (machine.saved.length + 1)];
    const base = saved?.snapshot.base;
    if (saved === undefined || base === undefined) return;
    const snapshot = Snapshot.merge(base, saved.snapshot);
    expect(snapshot.base).toBe(base.base);
    machine.saved.push({ snapshot, copy: saved.copy });
  },
  restore: (machine, { pick }) => restore(machine, machine.saved[pick % (machine.saved.length + 1)], "marks"),
  "restore, by bytes": (machine, { pick }) =>
    restore(machine, machine.saved[pick % (machine.saved.length + 1)], "bytes"),
  "restore the last": (machine) => restore(machine, machine.saved.at(-1), "marks"),
  fork: (machine, { pick }) => fork(machine, machine.saved[pick % (machine.saved.length + 1)]),
};

function save(machine: StateMachine, { pick, value }: Step, since: Saved | undefined): void {
  const cpu = Uint8Array.from({ length: value % 9000 }, (_, index) => (index >> 8) * pick);
  const by = pick % 5 === 0 ? "bytes" : "marks";
  const snapshot = machine.memory.snapshot({ ...(since && { since: since.snapshot }), sections: { cpu }, by });
  expect(snapshot.base).toBe(since?.snapshot);
  machine.saved.push({ snapshot, copy: { ...machine.copy(), cpu } });
  if (machine.saved.length > 12) machine.saved.shift();
}

function restore(machine: StateMachine, saved: Saved | undefined, by: "marks" | "bytes"): void {
  if (saved === undefined) return;
  machine.restore(saved, by);
  expect(saved.snapshot.section("cpu")).toEqual(saved.copy.cpu);
}

/** Another machine has the state too, and can go back to it. */
function fork(machine: StateMachine, saved: Saved | undefined): void {
  if (saved === undefined) return;
  const source = new Uint8Array(machine.external.length);
  const options = { devices: { UART: device, flash: device }, external: { VRAM: source.buffer } };
  using other = GuestMemory.fromSnapshotSync(saved.snapshot, options);
  for (const [name, bytes] of saved.copy.bytes) {
    const found = new Uint8Array(bytes.length);
    other.region(name)?.read(0, found);
    expect(Buffer.compare(found, bytes), name).toBe(0);
  }
  expect(other.toJSON()).toEqual(saved.copy.map);
  other.writeUint32(0x100, 0x1234_5678);
  other.restore(saved.snapshot);
  expect(other.readBytes(0x100, 4)).toEqual(saved.copy.bytes.get("RAM")?.slice(0x100, 0x104));
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...Object.keys(KINDS), "scalar", "slice", "discard", "since", "restore", "restore the last"),
  at: fc.nat(0xffff),
  size: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 0x3000 })),
  value: fc.oneof(fc.nat(0xffff_ffff), fc.constant(0)),
  pick: fc.nat(0xffff),
});

test("what comes back is the state that was saved", async () => {
  await init();
  const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PROPERTY_SEED=${seed}`);
  const counts = new Counts();
  let runs = 0;
  for (const list of samples(fc.array(step, { minLength: RUN, maxLength: RUN }), seed, RUNS)) {
    const machine = new StateMachine(runs++ % 2 === 0);
    try {
      for (const one of list) {
        machine.log.push(one.kind);
        try {
          KINDS[one.kind]?.(machine, one);
          counts.add(one.kind, "ok");
        } catch (error) {
          if (!(error instanceof GuestMemoryError)) throw error;
          counts.add(one.kind, error.code);
        }
      }
    } catch (error) {
      const log = machine.log.join(", ");
      throw new Error(`PROPERTY_SEED=${seed}, after ${log}: ${(error as Error).message}`, { cause: error });
    } finally {
      machine.dispose();
    }
  }
  console.log(
    Object.keys(KINDS)
      .map((kind) => `${kind} ${counts.of(kind, "ok")} of ${counts.of(kind)}`)
      .join(", "),
  );
  expect(counts.total).toBeGreaterThanOrEqual(LEAST_STEPS);
  expect(Object.keys(KINDS).filter((kind) => counts.of(kind, "ok") < 100)).toEqual([]);
});
