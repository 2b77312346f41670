// Documented errors of snapshots.
import { vi } from "vitest";
import { diff, GuestMemory, Snapshot } from "../../../ts/index.ts";
import { Rewind } from "../../../ts/rewind.ts";
import { coreFile } from "../../../ts/snapshot.ts";
import { detached, disposed, machine, newFullMemory, type Row, rowsOf, wrong } from "./row.ts";

const noSnapshot = "must be a Snapshot, as memory.snapshot() makes it, not";
const full = "(it has at most 4 GiB for all memories together; external memory lies outside it)";

const detachedMemory = 'the external memory of "VRAM", accessed at 0x0, 4096 bytes: it was detached';

/** A memory with two regions of one name. */
const twins = () =>
  GuestMemory.createSync([
    { kind: "ram", name: "bank", start: 0, size: 0x1000 },
    { kind: "ram", name: "bank", start: 0x1000, size: 0x1000 },
  ]);
const twice = 'snapshot: two regions have the name "bank", and a snapshot knows regions by their names';

/** External memory that has lost its bytes, with a snapshot from before. */
function lost() {
  const source = new ArrayBuffer(0x1000);
  const memory = GuestMemory.createSync([{ kind: "external", name: "VRAM", start: 0, source }]);
  const saved = memory.snapshot();
  structuredClone(source, { transfer: [source] });
  return { memory, saved };
}

/** A full linear memory whose pages were discarded, with a snapshot of their bytes. */
async function discarded() {
  const memory = await newFullMemory();
  memory.fill(0, 1, 0x1000);
  const saved = memory.snapshot();
  memory.discard(0, 0x4000);
  return { memory, saved };
}

/** Reasons that `fromSnapshot` and `fromSnapshotSync` share. */
const revive = (make: (library: typeof GuestMemory, ...args: Parameters<typeof GuestMemory.fromSnapshot>) => unknown) =>
  ({
    INVALID_HANDLER: [
      () => make(GuestMemory, machine().snapshot()),
      'the device of "UART": it must be an object, not undefined',
    ],
    INVALID_EXTERNAL: [
      () => make(GuestMemory, lost().saved),
      'the external memory of "VRAM": it is undefined, not a buffer',
    ],
    OUT_OF_MEMORY: [
      async () => {
        const { memory, saved } = await discarded();
        return make(memory.constructor as typeof GuestMemory, saved);
      },
      `map at 0x0, 2097152 bytes: linear memory cannot hold 2097152 bytes more ${full}`,
    ],
    TypeError: [
      [() => make(GuestMemory, wrong({})), `snapshot ${noSnapshot} an object`],
      [() => make(GuestMemory, machine().snapshot(), wrong(1)), "options must be an object, not a number"],
      [() => make(GuestMemory, machine().snapshot(), { devices: wrong(1) }), "devices must be an object, not a number"],
    ],
  }) as const;

export const rows: Row[] = [
  ...rowsOf(machine, {
    "GuestMemory.snapshot": {
      DUPLICATE_NAME: [() => twins().snapshot(), twice],
      INVALID_EXTERNAL: [() => lost().memory.snapshot(), detachedMemory],
      DETACHED_BUFFER: [
        (memory) => memory.snapshot({ sections: { cpu: detached() } }),
        'section "cpu" has no bytes any more: its buffer was detached or resized',
      ],
      DISPOSED: [() => disposed().snapshot(), "the memory was disposed"],
      TypeError: [
        [(memory) => memory.snapshot(wrong(1)), "options must be an object, not a number"],
        [(memory) => memory.snapshot({ since: wrong(1) }), `since ${noSnapshot} a number`],
        [(memory) => memory.snapshot({ by: wrong("hash") }), 'by must be "marks" or "bytes", not "hash"'],
        [(memory) => memory.snapshot({ sections: wrong(1) }), "sections must be an object, not a number"],
        [
          (memory) => memory.snapshot({ sections: { cpu: wrong([1]) } }),
          'section "cpu" must be a Uint8Array, not an array: Uint8Array.from(section "cpu")',
        ],
      ],
    },
    "GuestMemory.restore": {
      SNAPSHOT_MISMATCH: [
        (memory) => memory.restore(twinless()),
        'restore: the snapshot has a region "bank" of kind ram with 4096 bytes, and the memory has none of this name',
      ],
      DUPLICATE_NAME: [(memory) => twins().restore(memory.snapshot()), twice],
      INVALID_EXTERNAL: [
        () => {
          const { memory, saved } = lost();
          memory.restore(saved);
        },
        detachedMemory,
      ],
      OUT_OF_MEMORY: [
        async () => {
          const { memory, saved } = await discarded();
          memory.restore(saved);
        },
        `restore at 0x0, 4096 bytes: linear memory cannot hold 262144 bytes more ${full}`,
      ],
      DISPOSED: [(memory) => disposed().restore(memory.snapshot()), "the memory was disposed"],
      TypeError: [
        [(memory) => memory.restore(wrong(undefined)), `snapshot ${noSnapshot} undefined`],
        [(memory) => memory.restore(memory.snapshot(), wrong(1)), "options must be an object, not a number"],
        [(memory) => memory.restore(memory.snapshot(), { by: wrong(1) }), 'by must be "marks" or "bytes", not 1'],
      ],
    },
    "Snapshot.merge": {
      SNAPSHOT_MISMATCH: [
        (memory) => Snapshot.merge(memory.snapshot(), memory.snapshot()),
        "merge: delta does not hold the changes since base",
      ],
      TypeError: [
        [(memory) => Snapshot.merge(wrong(1), memory.snapshot()), `base ${noSnapshot} a number`],
        [(memory) => Snapshot.merge(memory.snapshot(), wrong(1)), `delta ${noSnapshot} a number`],
      ],
    },
    "Rewind.constructor": {
      BUDGET_EXCEEDED: [
        (memory) => new Rewind(memory, { budget: 1000 }),
        "mark: one copy of what is written takes 4096 bytes, and the budget is 1000",
      ],
      TypeError: [
        [() => new Rewind(wrong({}), { budget: 1 }), "memory must be a GuestMemory, not an object"],
        [(memory) => new Rewind(memory, wrong(1)), "options must be an object, not a number"],
        [(memory) => new Rewind(memory, wrong({})), "budget must be a number or a bigint, not undefined"],
      ],
      RangeError: [
        (memory) => new Rewind(memory, { budget: -1 }),
        "budget must be an integer from 0 to 2^53 - 1 (beyond, bigints are exact), not -1",
      ],
    },
    "Rewind.mark": {
      BUDGET_EXCEEDED: [
        (memory) => {
          const rewind = new Rewind(memory, { budget: 0x1_0000 });
          for (let page = 0; page < 4; page++) memory.writeUint8(page * 0x1000, 1);
          rewind.mark({ cpu: new Uint8Array(0x1_0000).fill(1) });
        },
        "mark: one copy of what is written takes 94016 bytes, and the budget is 65536",
      ],
    },
    "Rewind.back": {
      RangeError: [
        (memory) => new Rewind(memory, { budget: 1 << 20 }).back(),
        "back: there are 1 marks, and 1 before the newest are asked for",
      ],
    },
    coreFile: {
      DISPOSED: [() => coreFile(disposed()), "the memory was disposed"],
      TypeError: [
        [() => coreFile(wrong({})), "memory must be a GuestMemory, not an object"],
        [(memory) => coreFile(memory, { machine: wrong("x86") }), "machine must be a number, not a string"],
      ],
      RangeError: [
        (memory) => coreFile(memory, { machine: 1.5 }),
        "machine must be an integer from 0 to 65535, not 1.5",
      ],
      PARTIAL_BUFFER: [
        async (memory) => {
          const reader = coreFile(memory).getReader();
          await reader.read();
          memory.unmap("low RAM");
          await reader.read();
        },
        "coreFile: the map has changed, and at 0x0 is no memory any more",
      ],
    },
    diff: { TypeError: [(memory) => diff(memory.snapshot(), wrong(1)), `b ${noSnapshot} a number`] },
    "GuestMemory.fromSnapshot": revive((library, ...args) => library.fromSnapshot(...args)),
    "GuestMemory.fromSnapshotSync": {
      ...revive((library, ...args) => library.fromSnapshotSync(...args)),
      NOT_INITIALIZED: [
        async (memory) => (await fresh()).GuestMemory.fromSnapshotSync(wrong(memory.snapshot())),
        "the Wasm module is not loaded yet: `await init()` once before, or use `await GuestMemory.fromRanges(...)`",
      ],
    },
  }),
];

/** The library before `init`. */
async function fresh() {
  vi.resetModules();
  return import("../../../ts/index.ts");
}

/** A snapshot of a memory with one bank. */
function twinless(): Snapshot {
  using memory = GuestMemory.createSync([{ kind: "ram", name: "bank", start: 0, size: 0x1000 }]);
  return memory.snapshot();
}
