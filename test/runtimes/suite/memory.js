// Checks of a memory as a whole: how it begins and ends, its regions, tables, dirty clients, handlers and errors.

import { bytes, failure, same, withMemory } from "./expect.js";

/** @type {import("./expect.js").Checks} */
export const checks = {
  "fromRangesSync before init says NOT_INITIALIZED": ({ GuestMemory }) => {
    same(
      failure(() => GuestMemory.fromRangesSync([[0, 4096]])),
      "NOT_INITIALIZED",
    );
  },
  "init, then fromRangesSync": async ({ GuestMemory, init }) => {
    await init();
    await init();
    const memory = GuestMemory.fromRangesSync([[0x0, 0x1000]]);
    same([memory.lastAddress, memory.readUint8(0xfff)], [0xfff, 0]);
    memory.dispose();
  },
  "addresses above 2^53, as bigints": async ({ GuestMemory }) => {
    const start = 2n ** 64n - 0x1000n;
    const memory = await GuestMemory.fromRanges([[start, 0x1000]], { addresses: "bigint" });
    memory.writeBigUint64(2n ** 64n - 8n, 5n);
    same([memory.lastAddress, memory.readUint8(2n ** 64n - 8n)], [2n ** 64n - 1n, 5]);
    memory.dispose();
    const asNumbers = await GuestMemory.fromRanges([[start, 0x1000]]).catch((/** @type {Error} */ error) => error.name);
    same(asNumbers, "RangeError");
  },
  "regions come, go and are found": withMemory((memory) => {
    const before = memory.mapGeneration;
    const region = memory.insertRegion(0x8000, 0x1000);
    same(
      [region.start, region.size, memory.regions.length, memory.mapGeneration !== before],
      [0x8000, 0x1000, 4, true],
    );
    same([memory.findRegion(0x8fff) === region, memory.toRegionAddress(0x8010)?.address], [true, 0x10]);
    memory.removeRegion(0x8000, 0x1000);
    same([memory.addressInRange(0x8000), memory.checkRange(0xff0, 0x20)], [false, true]);
    same([memory.checkedOffset(0xff0, 0x20), memory.checkedOffset(0xff0, 0x2000)], [0x1010, undefined]);
  }),
  "a dirty client collects what was written since": withMemory((memory) => {
    memory.writeUint8(0x10, 1);
    const client = memory.dirty.client("suite");
    same(client.collect(), []);
    memory.writeUint8(0x1234, 1);
    memory.fill(0x1_0fff, 1, 2);
    same(client.collect(), [
      [0x1000, 0x1000],
      [0x1_0000, 0x2000],
    ]);
    same(client.collect(), []);
    client.dispose();
  }),
  "the tables translate": withMemory((memory) => {
    memory.writeUint8(0x1_2345, 0x5a);
    const { pageTable, dirty, bytes: linear } = memory.tables;
    const entry = pageTable[0x12] ?? 0;
    same([entry & 3, linear[(entry >>> 4) * 4096 + 0x345], dirty[entry >>> 4]], [3, 0x5a, 0xff]);
    same([pageTable[0x5], memory.hostOffset(0x1_2345, 1)], [0, (entry >>> 4) * 4096 + 0x345]);
  }),
  "handlers serve what is unmapped": withMemory((memory) => {
    /** @type {unknown[]} */
    const written = [];
    memory.onUnmapped = { read: (address) => address & 0xff, write: (...access) => written.push(access) };
    memory.writeUint16(0x5000, 7);
    same([memory.readUint8(0x5042), written], [0x42, [[0x5000, 2, 7]]]);
  }),
  "errors have a class, a code, an address and a length": withMemory((memory, { GuestMemoryError }) => {
    try {
      memory.writeSlice(0x1ffe, bytes);
      throw new Error("nothing was thrown");
    } catch (error) {
      if (!(error instanceof GuestMemoryError)) throw error;
      same([error.name, error.code, error.address, error.length], ["GuestMemoryError", "PARTIAL_BUFFER", 0x1ffe, 5]);
    }
    same(
      [failure(() => memory.readUint8(0x5000)), failure(() => memory.readUint8(-1))],
      ["INVALID_GUEST_ADDRESS", "RangeError"],
    );
    same(
      failure(() => memory.readUint8(/** @type {never} */ ("0"))),
      "TypeError",
    );
    same(
      failure(() => memory.insertRegion(0x1800, 0x1000)),
      "MEMORY_REGION_OVERLAP",
    );
  }),
  "a guest too large is an error, and the others live on": withMemory((memory, { GuestMemory }) => {
    memory.writeUint8(0x10, 3);
    same(
      failure(() => GuestMemory.fromRangesSync([[0, 2 ** 33]])),
      "OUT_OF_MEMORY",
    );
    same(memory.readUint8(0x10), 3);
  }),
  "after dispose every access says so": async ({ GuestMemory }) => {
    const memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
    memory.dispose();
    memory.dispose();
    same([failure(() => memory.readUint8(0)), failure(() => memory.view(0, 1))], ["DISPOSED", "DISPOSED"]);
  },
};
