// examples/rust-device: two virtio devices in Rust and their driver in TypeScript, on one guest memory.
import { createHash } from "node:crypto";
import { GuestMemory } from "guest-memory";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { run } from "../../examples/rust-device/arena.ts";
import { ATTACKS } from "../../examples/rust-device/attacks.ts";
import { build } from "../../examples/rust-device/build.mjs";
import { type Device, type Devices, loadDevices } from "../../examples/rust-device/device.ts";
import { DeviceError, Driver } from "../../examples/rust-device/driver.ts";
import { Machine } from "../../examples/rust-device/machine.ts";
import { INDIRECT, NEXT, Virtqueue, WRITE, writeDescriptor } from "../../examples/rust-device/virtqueue.ts";

let devices: Devices;
beforeAll(async () => {
  build();
  devices = await loadDevices();
});

const memoryOf = (...ranges: [number, number][]) => GuestMemory.fromRangesSync(ranges.length ? ranges : [[0, 0x8000]]);
/** Entropy that is not: 1, 2, 3 and so on. */
const counting = () => {
  let byte = 0;
  return {
    getRandomValues: (bytes: Uint8Array) => {
      for (let index = 0; index < bytes.length; index++) bytes[index] = ++byte;
    },
  };
};
const count = (length: number) => Array.from({ length }, (_, index) => (index + 1) & 0xff);
const nameOf = (status: number) => devices.Status[status];

/** Tells a device of a queue. */
function connect(device: Device, { layout }: Virtqueue): string | undefined {
  const { size, descriptors, available, used } = layout;
  return nameOf(device.set_queue(size, BigInt(descriptors), BigInt(available), BigInt(used)));
}

/** An entropy device with a queue at 0x1000, and its only chain, which begins at descriptor 0. */
function entropyWith(memory: GuestMemory, describe: (queue: Virtqueue) => void, size = 8) {
  const queue = new Virtqueue(memory, 0x1000, size);
  describe(queue);
  queue.offer(0);
  const device = new devices.Entropy(memory.handle, counting());
  expect(connect(device, queue)).toBe("Ok");
  return { device, queue };
}

describe("a driver that keeps the rules", () => {
  test("gets random bytes, and prints", () => {
    let printed = "";
    const machine = new Machine(devices, (text) => {
      printed += text;
    });
    const [first, second] = [machine.random(1000), machine.random(1000)];
    expect(first.length).toBe(1000);
    expect(new Set(first).size).toBeGreaterThan(200); // 250 of 256 are expected
    expect(second).not.toEqual(first);
    // More than the queue's 16 bits of index, over a ring of 16.
    for (let line = 0; line < 70_000; line++)
      machine.print(line % 1000 === 0 ? `line ${line}: 12 €, ${"-".repeat(200)}\n` : ".");
    expect(printed.length).toBeGreaterThan(70_000);
    expect(printed).toContain(`${".".repeat(999)}line 69000: 12 €, ${"-".repeat(200)}\n`);
  });

  test("posts many chains at once, across regions, and gets each one's length", () => {
    const memory = memoryOf([0, 0x3004], [0x3004, 0x4ffc]);
    const driver = new Driver(memory, new devices.Entropy(memory.handle, counting()), 0x1000, 8, "device writes");
    const dirty = memory.dirty.client("migration");
    const heads = [
      driver.post([[0x3000, 8]]),
      driver.post([
        [0x5000, 3],
        [0x6ffe, 4],
        [0x4000, 0],
      ]),
    ];
    dirty.collect();
    expect([...driver.notify()]).toEqual([
      [heads[0], 8],
      [heads[1], 7],
    ]);
    expect([...memory.readBytes(0x3000, 8), ...memory.readBytes(0x5000, 3), ...memory.readBytes(0x6ffe, 4)]).toEqual(
      count(15),
    );
    // The used ring, and the pages of what the device wrote.
    expect(dirty.collect()).toEqual([
      [0x1000, 0x1000],
      [0x3000, 0x1000],
      [0x5000, 0x3000],
    ]);
    expect(memory.indexOf(Uint8Array.of(16), 0x3000, 0x5000)).toBe(-1);
    expect([...driver.notify()]).toEqual([]);
  });

  test("uses an indirect table", () => {
    const memory = memoryOf();
    const { device } = entropyWith(memory, (queue) => {
      writeDescriptor(memory, 0x2000, { address: 0x4000, length: 4, flags: WRITE | NEXT, next: 2 });
      writeDescriptor(memory, 0x2020, { address: 0x5000, length: 4, flags: WRITE });
      queue.describe(0, { address: 0x2000, length: 48, flags: INDIRECT });
    });
    expect(nameOf(device.notify())).toBe("Ok");
    expect([...memory.readBytes(0x4000, 4), ...memory.readBytes(0x5000, 4)]).toEqual(count(8));
  });

  test("is not disturbed by a debugger that looks at the whole map between all that it does", () => {
    const state = (look: boolean) => {
      let printed = "";
      class Entropy extends devices.Entropy {
        constructor(handle: number) {
          super(handle, counting()); // the same in every run
        }
      }
      const machine = new Machine({ ...devices, Entropy }, (text) => {
        printed += text;
      });
      const { memory } = machine;
      const { viewGeneration } = memory;
      const dirty = memory.dirty.client("debugger");
      const hash = createHash("sha256");
      const observe = () => {
        const { bytes, known } = memory.peek(0, 0x2_0000);
        expect([bytes.length, known.indexOf(0)]).toEqual([0x2_0000, 0x1_0000]); // all that is mapped, and the hole behind
      };
      for (let step = 0; step < 20; step++) {
        if (look) observe();
        machine.print(`${step}: ${machine.random(10 + 50 * step).join()}\n`);
        if (look) observe();
        hash.update(JSON.stringify(dirty.collect())).update(memory.readBytes(0, 0x1_0000)).update(printed);
      }
      expect(memory.viewGeneration).toBe(viewGeneration);
      memory.dispose();
      return [hash.digest("hex"), memory.mapGeneration];
    };
    expect(state(true)).toEqual(state(false));
  });

  test("keeps its views: serving does not make linear memory grow", () => {
    const machine = new Machine(devices, () => {});
    const view = machine.memory.view(0, 1);
    for (let round = 0; round < 1000; round++) machine.print("x".repeat(machine.random(1024).length));
    expect(view.length).toBe(1);
  });
});

describe.each([
  [
    "entropy device",
    WRITE,
    () =>
      ({ handle }: GuestMemory) =>
        new devices.Entropy(handle, counting()),
  ],
  [
    "console",
    0,
    () =>
      ({ handle }: GuestMemory) =>
        new devices.Console(handle, { write: () => {} }),
  ],
] as const)("a driver that breaks the rules gets an error from the %s, and changes nothing:", (_, access, device) => {
  test.each(ATTACKS)("$name", (attack) => {
    const { status, changed, served, guarded } = run(attack, access, device());
    expect(nameOf(status)).toBe(attack.answer);
    expect(changed).toEqual([]);
    expect(guarded).toBe(true);
    const queueIsRefused = attack.answer.startsWith("Queue") || attack.answer === "AvailableIndex";
    expect(served).toBe(queueIsRefused ? 0 : 1);
  });
});

describe("a device", () => {
  test("copies a chain before it writes: a buffer over the table does not move the next", () => {
    const memory = memoryOf();
    const { device, queue } = entropyWith(memory, (queue) => {
      queue.describe(0, { address: 0x1000, length: 64, flags: WRITE | NEXT, next: 1 });
      queue.describe(1, { address: 0x4000, length: 4, flags: WRITE });
    });
    const before = memory.readBytes(0, 0x8000);
    expect(nameOf(device.notify())).toBe("Ok");
    before.set(count(64), 0x1000);
    before.set(count(68).slice(64), 0x4000);
    const { used } = queue.layout;
    before.set([0, 0, 1, 0, 0, 0, 0, 0, 68, 0, 0, 0], used);
    expect(Buffer.compare(memory.readBytes(0, 0x8000), before)).toBe(0);
  });

  test("gives 64 KiB for one chain, however much room that has", () => {
    const memory = memoryOf([0, 0x4_0000]);
    const { device, queue } = entropyWith(memory, (queue) => {
      queue.describe(0, { address: 0x1_0000, length: 0xfff0, flags: WRITE | NEXT, next: 1 });
      queue.describe(1, { address: 0x2_0000, length: 0x1_0000, flags: WRITE | NEXT, next: 2 });
      queue.describe(2, { address: 0x3_0000, length: 0x1_0000, flags: WRITE });
    });
    expect(nameOf(device.notify())).toBe("Ok");
    expect(queue.takeUsed()).toEqual({ head: 0, written: 0x1_0000 });
    expect(memory.readUint8(0x2_000f)).toBe(0); // byte number 2^16
    expect(memory.readUint8(0x2_000e)).toBe(0xff);
    const rest = memory.readBytes(0x2_0010, 0x1_fff0);
    expect(Buffer.compare(rest, new Uint8Array(rest.length))).toBe(0);
  });

  test("refuses more than 64 KiB to print, and prints nothing of it", () => {
    const memory = memoryOf([0, 0x4_0000]);
    const write = vi.fn();
    const driver = new Driver(memory, new devices.Console(memory.handle, { write }), 0x1000, 8, "device reads");
    driver.post([[0x1_0000, 0x1_0000]]);
    driver.notify();
    expect(write.mock.calls.reduce((sum, [bytes]) => sum + bytes.length, 0)).toBe(0x1_0000);
    write.mockClear();
    driver.post([
      [0x1_0000, 0x1_0000],
      [0x2_0000, 1],
    ]);
    expect(() => driver.notify()).toThrow(new DeviceError(devices.Status.TooLong ?? -1));
    expect(write).not.toHaveBeenCalled();
  });

  test("ends on the largest ring: 256 chains of 256 descriptors", () => {
    const memory = memoryOf([0, 0x4_0000]);
    const queue = new Virtqueue(memory, 0x1000, 256);
    for (let index = 0; index < 256; index++) {
      const last = index === 255;
      queue.describe(index, { address: 0x1_0000, length: 0x1_0000, flags: WRITE | (last ? 0 : NEXT), next: index + 1 });
    }
    queue.memory.store16(queue.layout.available + 2, 256);
    const device = new devices.Entropy(memory.handle, crypto);
    expect(connect(device, queue)).toBe("Ok");
    expect(nameOf(device.notify())).toBe("Ok");
    expect(memory.readUint16(queue.layout.used + 2)).toBe(256);
  });

  test("ends where its used ring lies over the available ring", () => {
    const memory = memoryOf();
    const { device, queue } = entropyWith(memory, (queue) => {
      queue.describe(0, { address: 0x4000, length: 1, flags: WRITE });
    });
    const { size, descriptors, available } = queue.layout;
    const places = Array.from({ length: 64 }, (_, index) => available - 128 + 4 * index);
    for (const used of places) {
      device.set_queue(size, BigInt(descriptors), BigInt(available), BigInt(used));
      expect(["Ok", "AvailableIndex", "Chain", "Direction", "BufferMemory"]).toContain(nameOf(device.notify()));
    }
  });

  test("is broken after an error, until its queue is set anew", () => {
    const memory = memoryOf();
    const { device, queue } = entropyWith(memory, (queue) => {
      queue.describe(0, { address: 0x9000, length: 1, flags: WRITE });
    });
    expect(nameOf(device.notify())).toBe("BufferMemory");
    queue.describe(0, { address: 0x4000, length: 1, flags: WRITE });
    expect(nameOf(device.notify())).toBe("NeedsReset");
    expect(memory.readUint8(0x4000)).toBe(0);
    expect(connect(device, queue)).toBe("Ok");
    expect(nameOf(device.notify())).toBe("Ok");
    expect(memory.readUint8(0x4000)).toBe(1);
  });

  test("is not ready before it has a queue, or once it was given a bad one", () => {
    const memory = memoryOf();
    const device = new devices.Entropy(memory.handle, counting());
    expect(nameOf(device.notify())).toBe("NotReady");
    expect(connect(device, new Virtqueue(memory, 0x1000, 8))).toBe("Ok");
    expect(nameOf(device.notify())).toBe("Ok");
    expect(nameOf(device.set_queue(3, 0n, 0n, 0n))).toBe("QueueSize");
    expect(nameOf(device.notify())).toBe("NotReady");
  });

  test("notices that its memory is gone, and that it never was", () => {
    const memory = memoryOf();
    const { device, queue } = entropyWith(memory, () => {});
    memory.dispose();
    expect(nameOf(device.notify())).toBe("NoSuchMemory");
    const another = new devices.Entropy(0, counting());
    expect(connect(another, queue)).toBe("Ok");
    expect(nameOf(another.notify())).toBe("NoSuchMemory");
  });

  test("notices that the region of a ring is gone, before it writes", () => {
    const memory = memoryOf([0, 0x3000], [0x3000, 0x1000], [0x4000, 0x1000]);
    const { device, queue } = entropyWith(memory, (queue) => {
      queue.describe(0, { address: 0x4000, length: 1, flags: WRITE });
    });
    const { size, descriptors, available } = queue.layout;
    device.set_queue(size, BigInt(descriptors), BigInt(available), 0x3000n);
    memory.removeRegion(0x3000, 0x1000);
    expect(nameOf(device.notify())).toBe("QueueMemory");
    expect(memory.readUint8(0x4000)).toBe(0);
  });

  test("says so where an entry of the available ring lies in two regions, which no atomic load can read", () => {
    const memory = memoryOf([0, 0x2005], [0x2005, 0x1000]);
    const { device, queue } = entropyWith(memory, (queue) => {
      queue.describe(0, { address: 0x1800, length: 1, flags: WRITE });
    });
    const { size, descriptors, used } = queue.layout;
    device.set_queue(size, BigInt(descriptors), 0x2000n, BigInt(used));
    memory.store16(0x2002, 1);
    expect(nameOf(device.notify())).toBe("QueueMemory");
    expect(memory.readUint8(0x1800)).toBe(0);
  });

  test.each(["throws", "calls the device again"])("answers Host where JavaScript %s, and lives on", (what) => {
    const memory = memoryOf();
    const queue = new Virtqueue(memory, 0x1000, 8);
    queue.describe(0, { address: 0x4000, length: 1, flags: WRITE });
    queue.offer(0);
    let works = false;
    const getRandomValues = (bytes: Uint8Array) => {
      if (works) bytes.fill(7);
      else if (what === "throws") throw new Error("no entropy");
      else device.notify();
    };
    const device = new devices.Entropy(memory.handle, { getRandomValues });
    connect(device, queue);
    expect(nameOf(device.notify())).toBe("Host");
    works = true;
    connect(device, queue);
    expect(nameOf(device.notify())).toBe("Ok");
    expect(memory.readUint8(0x4000)).toBe(7);
  });
});
