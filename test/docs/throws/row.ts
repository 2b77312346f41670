// The rows of the table of documented errors, and the machine that their calls are made on.

import { GuestMemory, type GuestMemoryErrorCode, init, type MappedRegion } from "../../../ts/index.ts";
import { freshLibrary } from "../../footprint/machines.ts";

await init();

/** A name of the public documentation, an error that it promises, a call that provokes it, and the error's message. */
export interface Row {
  readonly name: string;
  readonly error: Thrown;
  readonly message: string;
  act(): unknown;
}

type Thrown = GuestMemoryErrorCode | "TypeError" | "RangeError";
/** A call and its message; several, where one error has several reasons. */
type Case<Subject> = readonly [act: (subject: Subject) => unknown, message: string];
type Cases<Subject> = Partial<Record<Thrown, Case<Subject> | readonly Case<Subject>[]>>;

const isOne = <Subject>(cases: Case<Subject> | readonly Case<Subject>[]): cases is Case<Subject> =>
  typeof cases[0] === "function";

/** The rows of a table by name and error, each on a fresh subject. */
export function rowsOf<Subject>(
  make: () => Subject | Promise<Subject>,
  table: Readonly<Record<string, Cases<Subject>>>,
): Row[] {
  return Object.entries(table).flatMap(([name, errors]) =>
    Object.entries(errors).flatMap(([error, cases]) =>
      (isOne(cases) ? [cases] : cases).map(([act, message]) => ({
        name,
        error: error as Thrown,
        message,
        act: async () => act(await make()),
      })),
    ),
  );
}

const made: GuestMemory[] = [];

/** Disposes the machines that were made since the last call. */
export function disposeMachines(): void {
  for (const memory of made.splice(0)) memory.dispose();
}

/** Two regions of RAM that touch, ROM, a device, pages that `protect` closes, and a hole from 0x9000 on. */
export function machine(): GuestMemory {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "low RAM", start: 0x0, size: 0x2000 },
    { kind: "ram", name: "RAM", start: 0x2000, size: 0x2000 },
    { kind: "rom", name: "ROM", start: 0x5000, size: 0x1000 },
    { kind: "mmio", name: "UART", start: 0x6000, size: 0x1000, device: { read8: () => 0, write8: () => {} } },
    { kind: "ram", name: "closed", start: 0x7000, size: 0x1000 },
  ]);
  memory.protect(0x7000, 0x1000, "---");
  made.push(memory);
  return memory;
}

/** The machine after its end. */
export function disposed(): GuestMemory {
  const memory = machine();
  memory.dispose();
  return memory;
}

/** The ROM of a machine, after it was unmapped. */
export function gone(memory: GuestMemory): MappedRegion {
  const region = memory.region("ROM") as MappedRegion;
  memory.unmap(region);
  return region;
}

/** An array without its bytes. */
export function detached(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A value of a wrong type, as a caller without a compiler gives it. */
export const wrong = (value: unknown) => value as never;

let full: Promise<GuestMemory> | undefined;
/** RAM that was discarded but for its first pages, in a linear memory that is full: one of its own, for all rows. */
export function fullMemory(): Promise<GuestMemory> {
  full ??= newFullMemory();
  return full;
}

/** The memories that fill the rest: held, so that they are not collected. */
const rests: GuestMemory[] = [];

/** As `fullMemory`, for a row that changes it. */
export async function newFullMemory(): Promise<GuestMemory> {
  const { GuestMemory } = await freshLibrary();
  const memory = GuestMemory.fromRangesSync([[0, 0x20_0000]]);
  memory.discard(0x4000, 0x1f_c000);
  const rest = GuestMemory.fromRangesSync([[0, 0x1000]]);
  rests.push(rest);
  for (let size = 2 ** 31; size >= 0x1000; size /= 2) while (isInserted(rest, size));
  return memory;
}

/** Takes the rest of the heap of a full memory, by watches. */
export function fillHeap(memory: GuestMemory): void {
  try {
    for (;;) memory.watch(0x10, 1, { write: true }, () => {});
  } catch {
    // It is full.
  }
}

function isInserted(memory: GuestMemory, size: number): boolean {
  try {
    memory.insertRegion((memory.lastAddress ?? 0) + 1, size);
    return true;
  } catch {
    return false;
  }
}

/** The ranges that a call for a range is refused for, each with the end of its message. */
const RANGES = {
  INVALID_GUEST_ADDRESS: [machine, 0x9000, 4, "no memory at guest address 0x9000"],
  PARTIAL_BUFFER: [machine, 0x3ffe, 4, "no memory at guest address 0x4000, 2 bytes into the range"],
  GUEST_ADDRESS_OVERFLOW: [top, 2n ** 64n - 4n, 8, "the range passes 2^64, 4 bytes after its start"],
  CROSSES_REGIONS: [machine, 0x1ffe, 4, "the range crosses into another region at guest address 0x2000"],
  READ_ONLY: [machine, 0x5000, 4, "the memory at guest address 0x5000 is read-only"],
  NOT_MEMORY: [machine, 0x6000, 4, "a device is at guest address 0x6000, or external memory"],
  PERMISSION_DENIED: [machine, 0x7000, 4, "the access is not permitted at guest address 0x7000"],
  OUT_OF_MEMORY: [
    fullMemory,
    0x4000,
    4,
    "linear memory cannot hold 245760 bytes more (it has at most 4 GiB for all memories together; external memory lies outside it)",
  ],
} as const;

/** A memory whose addresses are bigints, with RAM at their end. */
export function top(): GuestMemory<bigint> {
  const start = 2n ** 64n - 0x1000n;
  return GuestMemory.createSync([{ kind: "ram", name: "top", start, size: 0x1000 }], { addresses: "bigint" });
}

/** Calls for ranges. */
export type RangeCall = (memory: GuestMemory, address: number | bigint, length: number) => unknown;

/**
 * The rows of a call for a range, which fails for its address.
 *
 * @param what - the call's name in messages.
 */
export function rangeRows(name: string, what: string, errors: (keyof typeof RANGES)[], call: RangeCall): Row[] {
  const rows = errors.map((error): Row => {
    const [make, address, length, text] = RANGES[error];
    const message = `${what} at 0x${address.toString(16)}, ${length} bytes: ${text}`;
    return {
      name,
      error,
      message,
      act: async () => call((await make()) as GuestMemory<number | bigint> as GuestMemory, address, length),
    };
  });
  const act = () => call(disposed(), 0, 4);
  return [...rows, { name, error: "DISPOSED", message: "the memory was disposed", act }];
}
