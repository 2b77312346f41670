// A hundred thousand hostile drivers: each random ring ends with the model's status and bytes. No byte outside the used
// ring and the device's buffers changes, in guest memory or around it. Replay a failure with PROPERTY_SEED=<seed>.
import { beforeAll, expect, test } from "vitest";
import { build } from "../../examples/rust-device/build.mjs";
import { type Device, type Devices, loadDevices } from "../../examples/rust-device/device.ts";
import { WRITE } from "../../examples/rust-device/virtqueue.ts";
import { GuestMemory } from "../../ts/index.ts";
import { random } from "../footprint/machines.ts";
import { Model, type Queue } from "./model.ts";
import { BACKED, RANGES, SPAN, writeRing } from "./rings.ts";

const RINGS = 100_000;
const GUARD = 0x2000;
/** Everything that a ring can end in; each is seen often. */
const STATUSES = [
  "Ok",
  "QueueSize",
  "QueueAlignment",
  "QueueMemory",
  "AvailableIndex",
  "Chain",
  "Direction",
  "BufferMemory",
];
const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);

let devices: Devices;
beforeAll(async () => {
  build();
  devices = await loadDevices();
});

/** The memory under attack, with another machine's right below and right above it in linear memory. */
function surroundings() {
  const make = (ranges: readonly (readonly [number, number])[]) =>
    GuestMemory.fromRangesSync(ranges.map(([start, size]): [number, number] => [start, size]));
  const host = (memory: GuestMemory, address: number) => memory.hostOffset(address, 1) ?? Number.NaN;
  const [below, memory, above] = [make([[0, GUARD]]), make(RANGES), make([[0, GUARD]])];
  const from = host(below, 0);
  const places = RANGES.map(([start, size]) => ({ start, size, offset: host(memory, start) - from }));
  const linear = Buffer.from(memory.wasmMemory.buffer, from, host(above, 0) + GUARD - from);
  // The guards, and each region in pages of its own, with no page between them.
  const pages = places.reduce((sum, { start, size }) => sum + Math.ceil(((start % 4096) + size) / 4096), 0);
  expect(linear.length).toBe(2 * GUARD + 4096 * pages);
  return { memory, linear, places };
}

/** Bytes that are the same whenever they begin again: what the device gets, and what the model expects. */
function stream(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}

test.each([
  ["entropy device", WRITE],
  ["console", 0],
])("%s: 100,000 random rings", (name, access) => {
  console.log(`PROPERTY_SEED=${seed} (${name})`);
  const { memory, linear, places } = surroundings();
  const below = random(seed);
  let next = stream(0);
  const printed: number[] = [];
  const entropy = {
    getRandomValues(bytes: Uint8Array) {
      for (let index = 0; index < bytes.length; index++) bytes[index] = next();
    },
  };
  const terminal = { write: (bytes: Uint8Array) => void printed.push(...bytes) };
  const device: Device =
    access === WRITE ? new devices.Entropy(memory.handle, entropy) : new devices.Console(memory.handle, terminal);
  const set = ({ size, descriptors, available, used }: Queue) => device.set_queue(size, descriptors, available, used);

  const noise = Uint8Array.from({ length: SPAN }, () => below(256));
  const expected = Buffer.from(Uint8Array.from({ length: linear.length }, () => below(256)));
  const bytes = new Uint8Array(SPAN);
  const counts = new Map<string, number>();
  for (let number = 0; number < RINGS; number++) {
    bytes.set(noise);
    const queue = writeRing(bytes, below, access);
    for (const { start, size, offset } of places) expected.set(bytes.subarray(start, start + size), offset);
    linear.set(expected);

    next = stream(number);
    printed.length = 0;
    const answer = set(queue);
    const status = devices.Status[answer === 0 ? device.notify() : answer] ?? "";

    const model = new Model(bytes, BACKED);
    const said = model.run(queue, access === WRITE ? stream(number) : undefined);
    for (const { start, size, offset } of places) expected.set(bytes.subarray(start, start + size), offset);
    const ring = `ring ${number} of PROPERTY_SEED=${seed}, ${JSON.stringify(queue, (_, value) => String(value))}`;
    if (status !== said) expect(status, ring).toBe(said);
    if (!linear.equals(expected)) expect(differences(linear, expected), ring).toEqual([]);
    if (!Buffer.from(printed).equals(Buffer.from(model.printed))) expect(printed, ring).toEqual(model.printed);
    counts.set(said, (counts.get(said) ?? 0) + 1);
  }
  console.log(Object.fromEntries(counts));
  for (const status of STATUSES) expect(counts.get(status), status).toBeGreaterThan(RINGS / 200);
});

/** Where bytes differ, from the lower guard's first one on. */
function differences(actual: Buffer, expected: Buffer): string[] {
  if (actual.length !== expected.length) return ["linear memory grew"];
  return [...actual.keys()]
    .filter((index) => actual[index] !== expected[index])
    .map((index) => `${index.toString(16)}: ${actual[index]}, not ${expected[index]}`);
}
