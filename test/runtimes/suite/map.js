// Checks of a memory's map: devices, ROM, mirrors, moves, protection, watches, and memory that somebody else owns.

import { failure, same } from "./expect.js";

/** @type {import("./expect.js").Checks} */
export const checks = {
  "a map of devices, ROM and mirrors": async ({ GuestMemory }) => {
    /** @type {unknown[]} */
    const written = [];
    const memory = await GuestMemory.create([
      { kind: "rom", name: "ROM", start: 0, size: 0x1000, contents: Uint8Array.of(1, 2, 3, 4) },
      { kind: "alias", name: "mirror", start: 0x1_0000, of: "ROM" },
      {
        kind: "mmio",
        name: "timer",
        start: 0x8000,
        size: 0x100,
        device: { read32: (offset) => -offset, write32: (...access) => void written.push(access) },
      },
    ]);
    memory.writeUint32(0x8010, 5);
    same([memory.readUint32(0x8010), written], [-16, [[16, 5, "cpu"]]]);
    same([memory.readUint32(0x1_0000), failure(() => memory.writeUint8(0x1_0000, 9))], [0x0403_0201, "READ_ONLY"]);
    memory.poke(0, Uint8Array.of(7));
    memory.region("mirror")?.move(0x2_0000);
    same([memory.readUint8(0x2_0000), failure(() => memory.readUint8(0x1_0000))], [7, "INVALID_GUEST_ADDRESS"]);
    same(memory.tree().split("\n").length, 5);
    memory.dispose();
  },
  "protection and watches": async ({ GuestMemory }) => {
    const memory = await GuestMemory.create([{ kind: "ram", start: 0, size: 0x3000 }]);
    memory.protect(0x1000, 0x1000, "r--");
    same(
      failure(() => memory.writeUint16(0xfff, 1)),
      "PERMISSION_DENIED",
    );
    /** @type {unknown[]} */
    const seen = [];
    const watch = memory.watch(0x2002, 2, { write: true }, ({ address, value }) => void seen.push(address, value));
    memory.writeUint32(0x2000, 5);
    memory.writeUint32(0x2004, 6);
    watch.dispose();
    memory.writeUint32(0x2000, 7);
    same([seen, memory.peek(0x2000, 1).bytes[0]], [[0x2000, 5], 7]);
    memory.dispose();
  },
  "external memory, through its growth": async ({ GuestMemory }) => {
    const theirs = new WebAssembly.Memory({ initial: 1 });
    const memory = await GuestMemory.create([
      { kind: "ram", start: 0, size: 0x1000 },
      { kind: "external", name: "theirs", start: 0x1000, source: theirs, offset: 0x100, size: 0x1000 },
    ]);
    for (let growth = 0; growth < 3; growth++) {
      memory.writeUint32(0xffe, 0x0403_0201);
      memory.writeUint32(0x1800, growth);
      theirs.grow(1);
      same([memory.readUint32(0xffe), memory.readUint32(0x1800)], [0x0403_0201, growth]);
      same([...new Uint8Array(theirs.buffer, 0x100, 2)], [3, 4]);
    }
    same(memory.indexOf(Uint8Array.of(1, 2, 3, 4), 0, 0x2000), 0xffe);
    const buffer = new ArrayBuffer(0x1000);
    memory.map({ kind: "external", start: 0x8000, source: buffer });
    memory.writeUint32(0x8000, 1);
    structuredClone(buffer, { transfer: [buffer] });
    same(
      failure(() => memory.readUint32(0x8000)),
      "INVALID_EXTERNAL",
    );
    memory.dispose();
  },
};
