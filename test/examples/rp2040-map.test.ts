// examples/rp2040: its memory map answers as rp2040js alone does, register by register, and a debugger disturbs nothing.
import { readFile } from "node:fs/promises";
import { GuestMemory, type WatchEvent } from "guest-memory";
import { BasePeripheral, RP2040 } from "rp2040js";
import { describe, expect, test, vi } from "vitest";
import { loadFirmware } from "../../examples/rp2040/firmware.ts";
import { Machine } from "../../examples/rp2040/machine.ts";
import { BOOT_ROM, FLASH, SRAM, USB_DPRAM } from "../../examples/rp2040/map.ts";
import { load, run } from "../../examples/rp2040/run.ts";
import { stateHash } from "../../examples/rp2040/state.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const [SIO, PPB] = [0xd000_0000, 0xe000_e000];
const WIDTHS = [32, 16, 8] as const;

/** A machine on guest memory and rp2040js alone, both in the middle of a program. */
async function pair(): Promise<[Machine, RP2040]> {
  const machines: [Machine, RP2040] = [await Machine.create(), new RP2040()];
  const tour = await loadFirmware("tour", (url) => readFile(url));
  for (const machine of machines) {
    load(machine, tour, 1, () => {});
    run(machine, 200_000);
    machine.logger = SILENT;
  }
  return machines;
}

/** Messages that a machine logs, from now on. */
function messagesOf(machine: RP2040): string[] {
  const messages: string[] = [];
  const take = (_: string, message: string) => void messages.push(message);
  machine.logger = { ...SILENT, warn: take, error: take };
  return messages;
}

const same = ([machine, alone]: [Machine, RP2040]) => expect(stateHash(machine)).toBe(stateHash(alone));

test("the map has all that rp2040js answers to, each by its name", async () => {
  const { memory } = await Machine.create();
  const seen = new Map(memory.toJSON().flat.map(({ start, size, region, kind }) => [start, { size, region, kind }]));
  expect(seen.get(BOOT_ROM.start)).toEqual({ size: 0x4000, region: "boot ROM", kind: "rom" });
  for (const start of [0x1000_0000, 0x1100_0000, 0x1200_0000, 0x1300_0000]) {
    expect(seen.get(start)).toEqual({ size: 0x100_0000, region: "flash", kind: "rom" });
  }
  expect(seen.get(SRAM.start)).toEqual({ size: 0x4_2000, region: "SRAM", kind: "ram" });
  expect(seen.get(USB_DPRAM.start)).toEqual({ size: 0x1000, region: "USB DPRAM", kind: "romDevice" });
  expect(seen.get(SIO)).toEqual({ size: 0x1000_0000, region: "SIO", kind: "mmio" });
  expect(seen.get(PPB)).toEqual({ size: 0x1000, region: "PPB", kind: "mmio" });
  expect(seen.get(0x4003_4000)).toEqual({ size: 0x4000, region: "UART0", kind: "mmio" });
  const keys = Object.keys(new RP2040().peripherals);
  for (const key of keys) expect(seen.get(Number(key) * 0x1000)?.kind).toBe("mmio");
  expect(seen.size).toBe(9 + keys.length);
});

describe.each(WIDTHS)("accesses of %i bits", (width) => {
  const size = width / 8;
  const keys = Object.keys(new RP2040().peripherals);
  const blocks = [...keys.map((key) => Number(key) * 0x1000), USB_DPRAM.start, SIO, PPB];

  test("give and leave what they do in rp2040js alone, at each register of each device", async () => {
    using _ = vi.spyOn(console, "warn").mockImplementation(() => {}); // SIO has no other logger
    const machines = await pair();
    let random = 1;
    for (const start of blocks) {
      // The first registers of all four forms in which a peripheral's appear: as they are, flip, set, clear.
      for (const form of start === PPB || start === USB_DPRAM.start ? [0] : [0, 0x1000, 0x2000, 0x3000]) {
        for (let offset = form; offset < form + 0x180; offset += size) {
          random = Math.imul(random, 1_664_525) + 1_013_904_223;
          const value = random >>> (32 - width);
          const [first, second] = machines.map((machine) => {
            const read = machine[`readUint${width}`](start + offset);
            machine[`writeUint${width}`](start + offset, value);
            return read;
          });
          expect(first, `at 0x${(start + offset).toString(16)}`).toBe(second);
        }
      }
    }
    for (const machine of machines) run(machine, 10_000);
    same(machines);
  });

  test("give and leave what they do in rp2040js alone where nothing is, and at the ends of memories", async () => {
    const machines = await pair();
    const addresses = [
      0x0000_3ffc, 0x0000_4000, 0x0fff_fffc, 0x13ff_fffc, 0x1400_0000, 0x1fff_fffc, 0x2004_1ffc, 0x2004_2000,
      0x3fff_fffc, 0x4006_8000, 0x4007_0000, 0x5010_0ffc, 0x5010_1000, 0xcfff_fffc, 0xe000_d000, 0xf000_0000,
    ];
    for (const address of addresses) {
      for (let at = address; at < address + 4; at += size) {
        const [first, second] = machines.map((machine) => machine[`readUint${width}`](at));
        expect(first, `at 0x${at.toString(16)}`).toBe(second);
        const isRom = at < BOOT_ROM.size || (at >= FLASH.start && at < FLASH.start + 4 * FLASH.size);
        if (!isRom) for (const machine of machines) machine[`writeUint${width}`](at, 0x8765_4321);
      }
    }
    same(machines);
  });
});

test("what no device answers is logged as rp2040js alone logs it", async () => {
  const machines = await pair();
  const [ours, its] = machines.map((machine) => {
    const messages = messagesOf(machine);
    machine.readUint16(0x4006_8002);
    machine.writeUint8(0x2004_2000, 1);
    return messages;
  });
  expect(ours).toEqual(its);
  expect(ours).toHaveLength(3);
});

test("a store to ROM changes nothing and is logged; rp2040js alone lets it change the bytes", async () => {
  const [machine, alone] = await pair();
  const messages = messagesOf(machine);
  for (const address of [BOOT_ROM.start + 8, FLASH.start + 8, FLASH.start + FLASH.size + 8]) {
    const before = machine.readUint32(address);
    for (const width of WIDTHS) machine[`writeUint${width}`](address, ~before);
    expect(machine.readUint32(address)).toBe(before);
    alone.writeUint32(address, ~before);
  }
  expect(alone.readUint32(BOOT_ROM.start + 8)).not.toBe(machine.readUint32(BOOT_ROM.start + 8));
  expect(messages).toHaveLength(9);
  expect(messages[0]).toBe("a store to ROM, at 0x8, changes nothing");
});

test("the host's store through a view reaches flash and its mirrors", async () => {
  const machine = await Machine.create();
  machine.flash.set([1, 2, 3, 4], 0x100);
  for (const start of [0x1000_0100, 0x1100_0100, 0x1200_0100, 0x1300_0100]) {
    expect(machine.readUint32(start)).toBe(0x0403_0201);
  }
});

test("a peripheral that is added while the machine runs is mapped at its first access", async () => {
  const [machine, alone] = await pair();
  class Doorbell extends BasePeripheral {
    calls: unknown[] = [];
    override readUint32(offset: number): number {
      this.calls.push(["read", offset]);
      return -2; // signed, and it stays so
    }
    override writeUint32(offset: number, value: number): void {
      this.calls.push(["write", offset, value]);
    }
  }
  const devices = [machine, alone].map((rp2040) => {
    const doorbell = new Doorbell(rp2040, "DOORBELL");
    rp2040.peripherals[0x60000] = doorbell;
    expect(rp2040.readUint32(0x6000_0010) >>> 0).toBe(0xffff_fffe); // through onUnmapped, which gives no sign
    expect(rp2040.readUint32(0x6000_0010)).toBe(-2);
    rp2040.writeUint32(0x6000_2020, 5);
    rp2040.writeUint8(0x6000_0031, 0x85);
    expect(rp2040.readUint16(0x6000_0042)).toBe(0xffff);
    return doorbell;
  });
  expect(devices[0].calls).toEqual(devices[1].calls);
  expect(devices[0].calls).toHaveLength(6); // a store that sets bits reads first
  expect(machine.memory.region("DOORBELL")).toMatchObject({ start: 0x6000_0000, size: 0x4000, kind: "mmio" });
});

test("a peripheral that an application puts in another's place is the one that answers", async () => {
  const machine = await Machine.create();
  machine.peripherals[0x40034] = { readUint32: (offset) => offset, writeUint32() {}, writeUint32Atomic() {} };
  expect(machine.readUint32(0x4003_4018)).toBe(0x18);
});

describe("USB DPRAM", () => {
  const BUFFER_CONTROL = USB_DPRAM.start + 0x80; // of endpoint 0, to the host
  const FULL_AVAILABLE_8_BYTES = 0x8408;

  test("tells the controller of each store: a packet leaves", async () => {
    const packets = (await pair()).map((machine) => {
      const sent: number[][] = [];
      machine.usbCtrl.onEndpointWrite = (_, bytes) => void sent.push([...bytes]);
      machine.writeUint32(USB_DPRAM.start + 0x100, 0x0403_0201);
      machine.writeUint32(BUFFER_CONTROL, FULL_AVAILABLE_8_BYTES);
      (machine.clock as unknown as { tick(nanos: number): void }).tick(1e9);
      return { sent, control: machine.readUint32(BUFFER_CONTROL) };
    });
    expect(packets[0]).toEqual(packets[1]);
    expect(packets[0].sent).toEqual([[1, 2, 3, 4, 0, 0, 0, 0]]);
  });

  test("shows the program what the controller writes, and the dirty log has its page", async () => {
    const machine = await Machine.create();
    const client = machine.memory.dirty.client("test");
    machine.usbCtrl.sendSetupPacket(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1));
    expect(machine.readUint32(USB_DPRAM.start)).toBe(0x0506_0708);
    expect(client.collect()).toEqual([[USB_DPRAM.start, 4096]]);
  });
});

test("a debugger that looks at the whole map changes nothing, and sees what memory holds", async () => {
  const [machine] = await pair();
  const { memory } = machine;
  const client = memory.dirty.client("test");
  const before = stateHash(machine);
  const CHUNK = 1 << 20;
  for (const { start, size, kind } of memory.toJSON().flat) {
    for (let at = Number(start); at < Number(start) + Number(size); at += CHUNK) {
      const { known } = memory.peek(at, Math.min(CHUNK, Number(start) + Number(size) - at));
      expect(known.includes(kind === "mmio" ? 1 : 0)).toBe(false);
    }
  }
  expect(stateHash(machine)).toBe(before);
  expect(client.collect()).toEqual([]);
  machine.readUint32(SIO + 0x100); // a spinlock, which a read takes: what the debugger must not do
  expect(stateHash(machine)).not.toBe(before);
});

test("a watch on a peripheral's register sees each access, and the program goes on as before", async () => {
  const machines = await pair();
  const [machine] = machines;
  const events: WatchEvent[] = [];
  const UART0_DATA = 0x4003_4000;
  using _ = machine.memory.watch(UART0_DATA, 4, { write: true }, (event) => void events.push(event));
  for (const rp2040 of machines) run(rp2040, 1_000_000);
  expect(events.length).toBeGreaterThan(10);
  expect(events[0]).toMatchObject({ kind: "write", address: UART0_DATA, who: "cpu" });
  same(machines);
});

test("addresses past 2^32, as the core's sums of registers give, wrap", async () => {
  const machine = await Machine.create();
  machine.writeUint32(2 ** 32 + SRAM.start, 0x0102_0304);
  expect(machine.readUint8(2 ** 32 + SRAM.start + 1)).toBe(3);
  expect(machine.readUint16(SRAM.start + 2 - 2 ** 32)).toBe(0x0102);
});

test("at the end of SRAM a word that is half outside is not there, as in rp2040js alone", async () => {
  const machines = await pair();
  const seen = machines.map((machine) => {
    machine.writeUint32(0x2004_1ffe, 0x1111_1111);
    machine.writeUint16(0x2004_1fff, 0x2222);
    return [machine.readUint32(0x2004_1ffe), machine.readUint16(0x2004_1fff), machine.readUint8(0x2004_1fff)];
  });
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0][0]).toBe(0xffff_ffff);
});

test("a word that is not aligned is reported, and then read", async () => {
  const machine = await Machine.create();
  const errors = messagesOf(machine);
  machine.writeUint32(SRAM.start, 0x0403_0201);
  machine.writeUint32(SRAM.start + 4, 0x0807_0605);
  expect(machine.readUint32(SRAM.start + 1)).toBe(0x0504_0302);
  expect(errors).toEqual(["a word is read from 0x20000001, which is not aligned"]);
});

test("the machine's arrays are views of guest memory, also after it has grown", async () => {
  const machine = await Machine.create();
  const old = machine.sram;
  await GuestMemory.fromRanges([[0, 256 * 1024 * 1024]]);
  expect(old.length).toBe(0);
  machine.writeUint16(SRAM.start + 6, 0x1234);
  expect(machine.sram[6]).toBe(0x34);
  expect(machine.sramView.getUint16(6, true)).toBe(0x1234);
  machine.memory.poke(BOOT_ROM.start + 8, Uint8Array.of(7));
  expect(machine.bootrom[2]).toBe(7);
  machine.memory.poke(FLASH.start + 4, Uint8Array.of(0x78, 0x56));
  expect([machine.flash[4], machine.flash16[2], machine.flashView.getUint16(4, true)]).toEqual([0x78, 0x5678, 0x5678]);
  machine.writeUint32(USB_DPRAM.start + 4, 0x9abc);
  expect([machine.usbDPRAM[5], machine.usbDPRAMView.getUint16(4, true)]).toEqual([0x9a, 0x9abc]);
});
