// Random writes of every kind, changes of the map, snapshots, merges and restorations: the state that comes back is the one
// that was copied whole. Replay a failure with PROPERTY_SEED=<seed>.
import { expect, test } from "vitest";
import { GuestMemory, Snapshot } from "../../ts/index.ts";
import { type Saved, StateMachine } from "./state-machine.ts";
import { runSteps } from "./state-run.ts";
import { changes, type Step } from "./state-steps.ts";

const LEAST_STEPS = 20_000;
const RUN = 160;
const RUNS = 130;
const device = { peek: () => undefined };

/** What a step does, by its kind. */
const KINDS: Record<string, (machine: StateMachine, step: Step) => void> = {
  ...changes,
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

const MIX = [...Object.keys(KINDS), "scalar", "slice", "discard", "since", "restore", "restore the last"];

test("what comes back is the state that was saved", async () => {
  const make = (run: number) => new StateMachine(run % 2 === 0);
  const counts = await runSteps(KINDS, MIX, { runs: RUNS, length: RUN }, make);
  console.log(
    Object.keys(KINDS)
      .map((kind) => `${kind} ${counts.of(kind, "ok")} of ${counts.of(kind)}`)
      .join(", "),
  );
  expect(counts.total).toBeGreaterThanOrEqual(LEAST_STEPS);
  expect(Object.keys(KINDS).filter((kind) => counts.of(kind, "ok") < 100)).toEqual([]);
});
