// Checks of snapshots: changes, the way back, a fork, sections.

import { same, withMemory } from "./expect.js";

/** @type {import("./expect.js").Checks} */
export const checks = {
  "a snapshot, its changes, and the way back": withMemory((memory, { Snapshot }) => {
    memory.writeUint32(0xffe, 1);
    const first = memory.snapshot();
    memory.writeUint32(0xffe, 2);
    const second = memory.snapshot({ since: first, sections: { cpu: Uint8Array.of(1, 2, 3) } });
    memory.writeUint32(0xffe, 3);
    memory.restore(first);
    same(memory.readUint32(0xffe), 1);
    memory.restore(Snapshot.merge(first, second));
    same([memory.readUint32(0xffe), second.section("cpu")?.join(), second.base === first], [2, "1,2,3", true]);
  }),
  "a fork has the bytes of its parent, and its own afterwards": withMemory(async (memory, { GuestMemory }) => {
    memory.writeUint8(0x10, 7);
    const child = await GuestMemory.fromSnapshot(memory.snapshot());
    child.writeUint8(0x10, 8);
    same([memory.readUint8(0x10), child.readUint8(0x10), child.regions.length], [7, 8, memory.regions.length]);
    child.dispose();
  }),
};
