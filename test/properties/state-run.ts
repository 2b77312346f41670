// Runs of random steps on machines whose states are kept.
import fc from "fast-check";
import { GuestMemoryError, init } from "../../ts/index.ts";
import { Counts, samples } from "./runs.ts";
import type { StateMachine } from "./state-machine.ts";
import { type Step, stepOf } from "./state-steps.ts";

/** Runs lists of steps, each on a fresh machine. Counts how each kind of step ended. */
export async function runSteps<M extends StateMachine>(
  kinds: Readonly<Record<string, (machine: M, step: Step) => void>>,
  mix: readonly string[],
  { runs, length }: { runs: number; length: number },
  make: (run: number) => M,
  after: (machine: M) => void = () => {},
): Promise<Counts> {
  await init();
  const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`PROPERTY_SEED=${seed}`);
  const counts = new Counts();
  let run = 0;
  for (const list of samples(fc.array(stepOf(mix), { minLength: length, maxLength: length }), seed, runs)) {
    const machine = make(run++);
    try {
      for (const step of list) {
        machine.log.push(step.kind);
        counts.add(
          step.kind,
          outcomeOf(() => kinds[step.kind]?.(machine, step)),
        );
      }
      after(machine);
    } catch (error) {
      const log = machine.log.join(", ");
      throw new Error(`PROPERTY_SEED=${seed}, after ${log}: ${(error as Error).message}`, { cause: error });
    } finally {
      machine.dispose();
    }
  }
  return counts;
}

/** What a step ended in. An error of the library is an outcome; any other one ends the run. */
function outcomeOf(act: () => void): string {
  try {
    act();
    return "ok";
  } catch (error) {
    if (error instanceof GuestMemoryError) return error.code;
    throw error;
  }
}
