// docs/mmio.md, "no byte outside": a handler may change the map in any way in the middle of an access. The regions on
// each side of the accessed range, another machine, and the next owner of a removed region's memory stay as they were.
import { describe, expect, test } from "vitest";
import { type Device, GuestMemory, GuestMemoryError } from "../../../ts/index.ts";
import "./support.ts";

const PAGE = 0x1000;
/** The device's registers are the first bytes of its page; RAM follows at once. */
const DEVICE = 0x4000;
const TARGET = DEVICE + 8;
const CANARY = 0xc5;

/** What the access touches: the device's last 4 bytes and some pages of RAM behind; or, for scalars, both sides of the edge. */
const START = TARGET - 4;
const LENGTH = 2 * PAGE;

/** A machine with canaries: RAM around the target, and a machine of its own behind that. */
function machine(act: (memory: GuestMemory) => void) {
  let done = false;
  const handler = () => {
    if (!done) act(memory);
    done = true;
    return 0x1111_1111;
  };
  const device: Device = { read32: handler, write32: () => void handler(), narrower: "replicate" };
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "left", start: DEVICE - PAGE, size: PAGE },
    { kind: "mmio", name: "device", start: DEVICE, size: 8, device },
    { kind: "ram", name: "target", start: TARGET, size: LENGTH },
    { kind: "ram", name: "right", start: TARGET + LENGTH, size: PAGE },
  ]);
  const neighbour = GuestMemory.createSync([{ kind: "ram", start: 0, size: 4 * PAGE }]);
  neighbour.fill(0, CANARY, 4 * PAGE);
  for (const [start, size] of RIGHT_AND_LEFT) memory.fill(start, CANARY, size);
  return { memory, neighbour };
}

const RIGHT_AND_LEFT = [
  [DEVICE - PAGE, PAGE],
  [TARGET + LENGTH, PAGE],
] as const;

const isWhole = (bytes: Uint8Array) => bytes.every((byte) => byte === CANARY);

/** Who gets the memory of a region that is gone, full of canaries. */
const heirs: GuestMemory[] = [];
function inherit(): void {
  const heir = GuestMemory.createSync([{ kind: "ram", start: 0, size: LENGTH }]);
  heir.fill(0, CANARY, LENGTH);
  heirs.push(heir);
}

const region = (memory: GuestMemory, name: string) => {
  const found = memory.region(name);
  if (found === undefined) throw new Error(`no region ${name}`);
  return found;
};

const changes: Record<string, (memory: GuestMemory) => void> = {
  "maps over it": (memory) => void memory.map({ kind: "ram", name: "over", start: TARGET, size: LENGTH, priority: 1 }),
  "maps canaries over it, that cannot be written": (memory) => {
    const contents = new Uint8Array(LENGTH).fill(CANARY);
    memory.map({ kind: "rom", name: "rom", start: TARGET, size: LENGTH, priority: 1, contents });
  },
  "unmaps it, and another gets its memory": (memory) => {
    memory.unmap(region(memory, "target"));
    inherit();
  },
  "unmaps the device": (memory) => memory.unmap(region(memory, "device")),
  "moves it": (memory) => region(memory, "target").move(0x10_0000),
  "moves it and a canary": (memory) => {
    memory.transaction(() => {
      region(memory, "target").move(0x10_0000);
      region(memory, "right").move(0x20_0000);
    });
  },
  "hides it": (memory) => region(memory, "target").disable(),
  "removes it, and another gets its memory": (memory) => {
    memory.removeRegion(TARGET, LENGTH);
    inherit();
  },
  "lets linear memory grow": (memory) => {
    memory.insertRegion(0x1000_0000, 16 * PAGE);
    memory.wasmMemory.grow(1); // for certain: every array over it is detached
  },
  "disposes, and another gets its memory": (memory) => {
    memory.dispose();
    inherit();
  },
};

const SCALAR = TARGET - 4;
const accesses: Record<string, (memory: GuestMemory) => unknown> = {
  readBigUint64: (memory) => memory.readBigUint64(SCALAR),
  writeBigUint64: (memory) => memory.writeBigUint64(SCALAR, 0n),
  readBigUint128: (memory) => memory.readBigUint128(SCALAR),
  writeBigUint128: (memory) => memory.writeBigUint128(SCALAR, 0n),
  writeUint32: (memory) => memory.writeUint32(TARGET - 2, 0),
  fetchUint32: (memory) => memory.fetchUint32(TARGET - 2),
  read: (memory) => memory.read(START, new Uint8Array(LENGTH + 4)),
  readSlice: (memory) => memory.readSlice(START, new Uint8Array(LENGTH + 4)),
  write: (memory) => memory.write(START, new Uint8Array(LENGTH + 4)),
  writeSlice: (memory) => memory.writeSlice(START, new Uint8Array(LENGTH + 4)),
  fill: (memory) => memory.fill(START, 0, LENGTH + 4),
  "copyWithin, from it": (memory) => memory.copyWithin(TARGET + LENGTH / 2, START, LENGTH / 2),
  "copyWithin, to it": (memory) => memory.copyWithin(START, TARGET + 4, LENGTH - 8),
  "dma read": (memory) => memory.dma(START, LENGTH + 4, "read").read(0, new Uint8Array(LENGTH + 4)),
  "dma write": (memory) => memory.dma(START, LENGTH + 4, "write").write(0, new Uint8Array(LENGTH + 4)),
};

describe("no byte outside", () => {
  for (const [name, change] of Object.entries(changes)) {
    test.each(Object.entries(accesses))(`a handler ${name}: %s`, (_, access) => {
      let changed = 0;
      const { memory, neighbour } = machine((own) => {
        changed++;
        change(own);
      });
      try {
        access(memory);
      } catch (error) {
        if (!(error instanceof GuestMemoryError)) throw error;
      }
      expect(changed).toBe(1);
      expect(isWhole(neighbour.readBytes(0, 4 * PAGE))).toBe(true);
      neighbour.dispose();
      for (const heir of heirs.splice(0)) {
        expect(isWhole(heir.readBytes(0, LENGTH))).toBe(true);
        heir.dispose();
      }
      if (!name.startsWith("disposes")) {
        for (const canary of memory.mapped.filter(({ name }) => ["left", "right", "rom"].includes(name))) {
          expect(isWhole(memory.readBytes(canary.start, canary.size))).toBe(true);
        }
        memory.dispose();
      }
    });
  }
});

test("a handler's own accesses leave those alone in whose middle it is called", () => {
  const own = (memory: GuestMemory) => {
    memory.writeBigUint128(TARGET + 0x10, -1n); // a partial page, so by the same slow path
    memory.readBigUint128(TARGET + 0x10);
  };
  const writing = machine(own);
  writing.memory.writeBigUint64(SCALAR, 0x0807_0605_0403_0201n);
  expect(writing.memory.readUint32(TARGET)).toBe(0x0807_0605);
  const reading = machine(own);
  reading.memory.writeUint32(TARGET, 0x0807_0605);
  expect(reading.memory.readBigUint64(SCALAR)).toBe(0x0807_0605_1111_1111n);
  for (const { memory, neighbour } of [writing, reading]) {
    memory.dispose();
    neighbour.dispose();
  }
});

test("the canaries are seen: a byte too many is a failure", () => {
  const { memory, neighbour } = machine(() => {});
  memory.fill(START, 0, LENGTH + 5);
  expect(isWhole(memory.readBytes(TARGET + LENGTH, PAGE))).toBe(false);
  memory.dispose();
  neighbour.dispose();
});
