// External memory from a function during which linear memory grows, as Rust code may make it grow: every array over linear
// memory is detached whenever the function returns.
import { expect, test } from "vitest";
import { GuestMemory, GuestMemoryError, init } from "../../../ts/index.ts";
import { counting } from "../support.ts";

await init();

const [START, SIZE] = [0x1000, 0x2000];
const END = START + SIZE;

/** RAM, external memory, and RAM behind it. */
function machine(onCall: (memory: GuestMemory) => void) {
  const buffer = new ArrayBuffer(SIZE);
  let memory: GuestMemory | undefined;
  const source = () => {
    if (memory) onCall(memory);
    return buffer;
  };
  memory = GuestMemory.createSync([
    { kind: "ram", name: "low", start: 0, size: START, contents: counting(0x1000) },
    { kind: "external", name: "theirs", start: START, source },
    { kind: "ram", name: "high", start: END, size: 0x1000, contents: counting(0x1000, 3) },
  ]);
  new Uint8Array(buffer).set(counting(SIZE, 7));
  return { memory, buffer };
}

/** Fills an array, and gives it. */
const filled = (length: number, fill: (into: Uint8Array) => unknown) => {
  const into = new Uint8Array(length);
  return [fill(into), into];
};

const ACCESSES: [string, (memory: GuestMemory) => unknown][] = [
  ["readUint8", (memory) => memory.readUint8(START)],
  ["readUint16 from RAM", (memory) => memory.readUint16(START - 1)],
  ["readUint32 into RAM", (memory) => memory.readUint32(END - 1)],
  ["readBigUint64", (memory) => memory.readBigUint64(START + 1)],
  ["readBigUint128 from RAM", (memory) => memory.readBigUint128(START - 5)],
  ["fetchUint32 from RAM", (memory) => memory.fetchUint32(START - 1)],
  ["writeUint8", (memory) => memory.writeUint8(START, 1)],
  ["writeUint16 from RAM", (memory) => memory.writeUint16(START - 1, 0xbbaa)],
  ["writeUint32 into RAM", (memory) => memory.writeUint32(END - 1, 0xffee_ddcc)],
  ["writeFloat64", (memory) => memory.writeFloat64(START + 8, -0.5)],
  ["writeBigUint128 into RAM", (memory) => memory.writeBigUint128(END - 5, 1n << 100n)],
  ["read", (memory) => filled(4, (into) => memory.read(START, into))],
  ["read from RAM into RAM", (memory) => filled(SIZE + 8, (into) => memory.read(START - 4, into))],
  ["readSlice into RAM", (memory) => filled(8, (into) => memory.readSlice(END - 4, into))],
  ["readBytes", (memory) => memory.readBytes(0, END + 8)],
  ["write", (memory) => memory.write(START, counting(8))],
  ["write from RAM into RAM", (memory) => memory.write(START - 4, counting(SIZE + 8, 9))],
  ["writeSlice into RAM", (memory) => memory.writeSlice(END - 4, counting(8))],
  ["fill", (memory) => memory.fill(START - 4, 0xff, SIZE + 8)],
  ["copyWithin from it", (memory) => memory.copyWithin(0, START, 8)],
  ["copyWithin to it", (memory) => memory.copyWithin(START, END, 8)],
  ["copyWithin over all", (memory) => memory.copyWithin(0x800, 0x100, SIZE + 0x1000)],
  ["compare", (memory) => [memory.compare(0, START, 8), memory.compare(START, END, 8), memory.compare(0, END - 4, 8)]],
  ["indexOf in it", (memory) => memory.indexOf(counting(4, 9), START, SIZE)],
  ["indexOf over all", (memory) => memory.indexOf(Uint8Array.of(6, 3, 4), 0, END + 0x1000)],
  ["indexOf of many bytes", (memory) => memory.indexOf(memory.readBytes(0x800, 0x1900), 0, END + 0x1000)],
  [
    "indexOf of bytes that begin at many places",
    (memory) => memory.indexOf(memory.readBytes(START + 0x900, 0x1b00), 0, END + 0x1000),
  ],
  ["indexOf in RAM", (memory) => memory.indexOf(Uint8Array.of(3, 4), END, 0x1000)],
  ["view", (memory) => [...memory.view(START + 4, 8)]],
  ["views", (memory) => memory.views(START - 4, SIZE + 8).map((view) => [...view])],
  ["peek", (memory) => memory.peek(START - 4, SIZE + 8)],
  ["poke", (memory) => memory.poke(START - 4, counting(SIZE + 8, 5))],
  ["dma read", (memory) => filled(SIZE + 8, (into) => memory.dma(START - 4, SIZE + 8, "read").read(0, into))],
  ["dma readUint32", (memory) => memory.dma(START - 2, 4, "read").readUint32(0)],
  ["dma write", (memory) => memory.dma(START - 4, SIZE + 8, "write").write(0, counting(SIZE + 8))],
  ["dma writeUint32", (memory) => memory.dma(END - 2, 4, "write").writeUint32(0, 0xffee_ddcc)],
];

test.each(ACCESSES)("%s", (_name, act) => {
  const still = machine(() => {});
  let calls = 0;
  const grows = machine(({ wasmMemory }) => {
    wasmMemory.grow(1);
    calls++;
  });
  for (const watched of [false, true]) {
    const heard: unknown[][] = [];
    for (const { memory } of [still, grows]) {
      const seen: unknown[] = [];
      heard.push(seen);
      if (!watched) continue;
      memory.watch(START - 2, SIZE + 4, { read: true, write: true, execute: true }, (access) =>
        seen.push({ ...access }),
      );
    }
    for (const _turn of [1, 2]) expect(act(grows.memory)).toEqual(act(still.memory));
    expect(heard[1]).toEqual(heard[0]);
    expect(grows.memory.readBytes(0, END + 0x1000)).toEqual(still.memory.readBytes(0, END + 0x1000));
  }
  expect(calls).toBeGreaterThan(0);
  for (const { memory } of [still, grows]) memory.dispose();
});

test.each([
  ["all of its source is external", START],
  ["RAM is in its source", END - 4],
])("a copy writes nothing to RAM that the function has moved away: %s", (_name, from) => {
  let failed = 0;
  for (let turn = 1, calls = turn; calls >= turn; turn++) {
    const { memory } = machine((made) => {
      if (++calls === turn) made.region("low")?.move(0x1_0000);
    });
    const before = memory.readBytes(0, START);
    calls = 0;
    try {
      memory.copyWithin(0, from, 8);
      expect(calls).toBeLessThan(turn);
    } catch (error) {
      expect(error).toBeInstanceOf(GuestMemoryError);
      expect(memory.readBytes(0x1_0000, START)).toEqual(before);
      failed++;
    }
    memory.dispose();
  }
  expect(failed).toBeGreaterThan(0);
});
