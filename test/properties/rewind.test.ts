// Random writes, changes of the map, marks and ways back: the state that comes back is the one that was copied whole, and the
// budget is never exceeded. Replay a failure with PROPERTY_SEED=<seed>.
import { expect, test } from "vitest";
import { Rewind } from "../../ts/rewind.ts";
import { type Copy, StateMachine } from "./state-machine.ts";
import { runSteps } from "./state-run.ts";
import { changes, type Step } from "./state-steps.ts";

const LEAST_STEPS = 20_000;
const RUN = 200;
const RUNS = 100;
/** From one that now and then holds no copy of what is written, to one that holds all marks. */
const BUDGETS = [0xc000, 0x2_4000, 0x4_0000, 0x100_0000];

/** A machine with its way back, and a copy of the state at each mark. */
class Walker extends StateMachine {
  readonly rewind: Rewind;
  readonly copies: Copy[];
  readonly budget: number;
  fell = 0;

  constructor(discards: boolean, budget: number) {
    super(discards);
    this.budget = budget;
    this.rewind = new Rewind(this.memory, { budget });
    this.copies = [{ ...this.copy(), cpu: new Uint8Array(0) }];
  }

  mark({ value, pick }: Step): void {
    const cpu = Uint8Array.from({ length: value % 9000 }, (_, index) => (index >> 8) * pick);
    const before = this.rewind.length;
    try {
      this.rewind.mark({ cpu });
    } catch (error) {
      expect(this.rewind.length).toBe(before);
      throw error;
    }
    this.copies.push({ ...this.copy(), cpu });
    this.fell += this.copies.length - this.rewind.length;
    this.copies.splice(0, this.copies.length - this.rewind.length);
    expect(this.copies.length).toBe(this.rewind.length);
    expect(this.rewind.byteLength).toBeLessThanOrEqual(this.budget);
  }

  back(count: number): void {
    const { cpu = new Uint8Array(0) } = this.rewind.back(count);
    const copy = this.copies[this.copies.length - 1 - count] as Copy;
    this.expectCopy(this.copy(), copy);
    expect(cpu).toEqual(copy.cpu);
    this.copies.length -= count;
    expect(this.rewind.length).toBe(this.copies.length);
  }
}

const KINDS: Record<string, (machine: Walker, step: Step) => void> = {
  ...changes,
  mark: (machine, step) => machine.mark(step),
  back: (machine, { pick }) => machine.back(pick % machine.copies.length),
  "back one": (machine) => machine.back(Math.min(1, machine.copies.length - 1)),
  "back to the newest": (machine) => machine.back(0),
  snapshot: ({ memory }) => void memory.snapshot(),
};
const MIX = [...Object.keys(KINDS), "mark", "mark", "mark", "back one", "scalar", "slice"];

test("each mark's state comes back, within the budget", async () => {
  let fell = 0;
  const make = (run: number) => new Walker(run % 2 === 0, BUDGETS[run % BUDGETS.length] as number);
  const counts = await runSteps(KINDS, MIX, { runs: RUNS, length: RUN }, make, (machine) => {
    fell += machine.fell;
  });
  const outcomes = [...counts.byOutcome()].map(([outcome, count]) => `${outcome} ${count}`);
  console.log(`${fell} marks fell off; ${outcomes.join(", ")}`);
  expect(counts.total).toBeGreaterThanOrEqual(LEAST_STEPS);
  expect(Object.keys(KINDS).filter((kind) => counts.of(kind, "ok") < 100)).toEqual([]);
  expect(fell).toBeGreaterThan(100);
  expect(counts.of("mark", "BUDGET_EXCEEDED")).toBeGreaterThan(10);
});
