// Shared external memory: an aligned word of up to 8 bytes is one access, of which another thread never sees a part.
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { GuestMemory } from "../../../ts/index.ts";
import { counting } from "../support.ts";

const ONES = 2n ** 64n - 1n;
/** Where the word is in the buffer. The region begins 4 bytes past a multiple of 8 of it, and so do guest addresses. */
const WORD = 0x18;
const OFFSET = 4;
const START = 0x1004;
const AT = START + WORD - OFFSET;

/** Another thread, which writes zeros and ones in turn to the word, or counts the words that are neither. */
const OTHER = `
  const { parentPort, workerData: { shared, control, writes, size } } = require("node:worker_threads");
  const Type = { 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[size];
  const words = new Type(shared, ${WORD}, 1);
  const ones = size === 8 ? ${ONES}n : 2 ** (8 * size) - 1, zero = size === 8 ? 0n : 0;
  Atomics.store(control, 0, 1);
  for (let turn = 0; Atomics.load(control, 1) === 0; turn++) {
    if (writes) Atomics.store(words, 0, turn % 2 === 0 ? ones : zero);
    else {
      const word = Atomics.load(words, 0);
      if (word !== ones && word !== zero) Atomics.add(control, 2, 1);
    }
  }
  parentPort.postMessage(0);
`;

/** Runs each act for some milliseconds beside the other thread; gives how many words it has found torn in each. */
async function beside(shared: SharedArrayBuffer, size: number, writes: boolean, acts: Record<string, () => void>) {
  const control = new Int32Array(new SharedArrayBuffer(16));
  const worker = new Worker(OTHER, { eval: true, workerData: { shared, control, writes, size } });
  const ended = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  while (Atomics.load(control, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const torn: Record<string, number> = {};
  for (const [name, act] of Object.entries(acts)) {
    const end = performance.now() + 80;
    const before = Atomics.load(control, 2);
    while (performance.now() < end) for (let count = 0; count < 500; count++) act();
    torn[name] = Atomics.load(control, 2) - before;
  }
  Atomics.store(control, 1, 1);
  await ended;
  await worker.terminate();
  return torn;
}

type Size = 2 | 4 | 8;
const word = (bytes: Uint8Array, size: Size) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return size === 8
    ? view.getBigUint64(0, true)
    : BigInt(size === 4 ? view.getUint32(0, true) : view.getUint16(0, true));
};
const READS: Record<string, (memory: GuestMemory, size: Size) => bigint> = {
  scalar: (memory, size) =>
    size === 8 ? memory.readBigUint64(AT) : BigInt(size === 4 ? memory.readUint32(AT) : memory.readUint16(AT)),
  "signed scalar": (memory, size) =>
    BigInt.asUintN(
      8 * size,
      size === 8 ? memory.readBigInt64(AT) : BigInt(size === 4 ? memory.readInt32(AT) : memory.readInt16(AT)),
    ),
  readSlice: (memory, size) => {
    const into = new Uint8Array(size);
    memory.readSlice(AT, into);
    return word(into, size);
  },
  read: (memory, size) => {
    const into = new Uint8Array(size);
    memory.read(AT, into);
    return word(into, size);
  },
  readBytes: (memory, size) => word(memory.readBytes(AT, size), size),
  "DMA scalar": (memory, size) => {
    const dma = memory.dma(AT, size, "read");
    return size === 8 ? dma.readBigUint64(0) : BigInt(size === 4 ? dma.readUint32(0) : dma.readUint16(0));
  },
  "DMA read": (memory, size) => {
    const into = new Uint8Array(size);
    memory.dma(AT, size, "read").read(0, into);
    return word(into, size);
  },
  peek: (memory, size) => word(memory.peek(AT, size).bytes, size),
  copyWithin: (memory, size) => {
    memory.copyWithin(0x10, AT, size);
    return word(memory.readBytes(0x10, size), size);
  },
};
const WRITES: Record<string, (memory: GuestMemory, size: Size, ones: boolean, bytes: Uint8Array) => void> = {
  scalar: (memory, size, ones) => {
    if (size === 8) memory.writeBigUint64(AT, ones ? ONES : 0n);
    else if (size === 4) memory.writeUint32(AT, ones ? -1 : 0);
    else memory.writeUint16(AT, ones ? -1 : 0);
  },
  "signed scalar": (memory, size, ones) => {
    if (size === 8) memory.writeBigInt64(AT, ones ? -1n : 0n);
    else if (size === 4) memory.writeInt32(AT, ones ? -1 : 0);
    else memory.writeInt16(AT, ones ? -1 : 0);
  },
  write: (memory, _size, _ones, bytes) => void memory.write(AT, bytes),
  writeSlice: (memory, _size, _ones, bytes) => memory.writeSlice(AT, bytes),
  fill: (memory, size, ones) => memory.fill(AT, ones ? 255 : 0, size),
  poke: (memory, _size, _ones, bytes) => memory.poke(AT, bytes),
  "DMA scalar": (memory, size, ones) => {
    const dma = memory.dma(AT, size, "write");
    if (size === 8) dma.writeBigUint64(0, ones ? ONES : 0n);
    else if (size === 4) dma.writeUint32(0, ones ? -1 : 0);
    else dma.writeUint16(0, ones ? -1 : 0);
  },
  "DMA write": (memory, size, _ones, bytes) => memory.dma(AT, size, "write").write(0, bytes),
  copyWithin: (memory, size, ones) => memory.copyWithin(AT, ones ? 0x21 : 0x31, size),
};

function shared() {
  const source = new SharedArrayBuffer(0x2000);
  const memory = GuestMemory.createSync([
    { kind: "ram", start: 0, size: 0x1000 },
    { kind: "external", start: START, source, offset: OFFSET },
  ]);
  memory.fill(0x20, 255, 0x10);
  return { source, memory };
}

await GuestMemory.fromRanges([[0, 0x1000]]);

const none = (names: object) => Object.fromEntries(Object.keys(names).map((name) => [name, 0]));

for (const size of [2, 4, 8] as const) {
  const ones = 2n ** BigInt(8 * size) - 1n;
  test(`${size} bytes that another thread writes are read at once`, async () => {
    const { source, memory } = shared();
    const torn: Record<string, number> = none(READS);
    const acts = Object.entries(READS).map(([name, read]) => {
      const act = () => {
        const value = read(memory, size);
        if (value !== 0n && value !== ones) (torn[name] as number)++;
      };
      return [name, act] as const;
    });
    await beside(source, size, true, Object.fromEntries(acts));
    expect(torn).toEqual(none(READS));
    for (const bytes of [counting(size), counting(size, 0x81)]) {
      new Uint8Array(source, WORD).set(bytes);
      for (const [name, read] of Object.entries(READS)) expect(read(memory, size), name).toBe(word(bytes, size));
    }
    memory.dispose();
  });

  test(`${size} bytes are written at once`, async () => {
    const { source, memory } = shared();
    const [full, empty] = [new Uint8Array(size).fill(255), new Uint8Array(size)];
    let turn = false;
    const acts = Object.entries(WRITES).map(([name, write]) => {
      const act = () => {
        turn = !turn;
        write(memory, size, turn, turn ? full : empty);
      };
      return [name, act] as const;
    });
    expect(await beside(source, size, false, Object.fromEntries(acts))).toEqual(none(WRITES));
    for (const [name, write] of Object.entries(WRITES)) {
      for (const bytes of [full, empty]) {
        write(memory, size, bytes === full, bytes);
        expect(memory.peek(AT - 1, size + 2).bytes.join(), name).toBe([0, ...bytes, 0].join());
      }
    }
    memory.dispose();
  });
}
