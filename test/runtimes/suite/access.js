// Checks of access to the bytes: scalars, bulk, copies, search, views, atomics.

import { bytes, failure, same, withMemory } from "./expect.js";

/** @type {import("./expect.js").Checks} */
export const checks = {
  "the README's example": async ({ GuestMemory }) => {
    const memory = await GuestMemory.fromRanges([
      [0x0, 0x1000],
      [0x1000, 0x1000],
    ]);
    same(memory.write(0xffc, bytes), 5);
    const into = new Uint8Array(5);
    same([memory.read(0xffc, into), into.join(" ")], [5, "1 2 3 4 5"]);
    memory.dispose();
  },
  "scalars are little-endian, and big-endian where the name says so": withMemory((memory) => {
    memory.writeUint32(0x10, 0x1234_5678);
    same(memory.readBytes(0x10, 4), [0x78, 0x56, 0x34, 0x12]);
    same([memory.readUint32BE(0x10), memory.readUint16(0x11)], [0x7856_3412, 0x3456]);
    memory.writeUint16BE(0x20, 0xfffe);
    same([memory.readInt16BE(0x20), memory.readInt8(0x20), memory.readUint8(0x21)], [-2, -1, 0xfe]);
  }),
  "scalars of 64 bits and floats": withMemory((memory) => {
    memory.writeBigInt64(0x10, -2n);
    same([memory.readBigUint64(0x10), memory.readInt32(0x14)], [0xffff_ffff_ffff_fffen, -1]);
    memory.writeFloat64(0x20, Math.PI);
    memory.writeFloat32BE(0x30, 1.5);
    same([memory.readFloat64(0x20), memory.readFloat32BE(0x30), memory.readUint8(0x30)], [Math.PI, 1.5, 0x3f]);
  }),
  "addresses are numbers or bigints": withMemory((memory) => {
    memory.writeUint32(0x40n, 7);
    same([memory.readUint32(0x40), memory.readBytes(0x40n, 1n)[0]], [7, 7]);
  }),
  "a scalar across two regions": withMemory((memory) => {
    memory.writeUint32(0xffe, 0xcafe_babe);
    same([memory.readUint32(0xffe), memory.readUint16(0x1000)], [0xcafe_babe, 0xcafe]);
  }),
  "addresses above 4 GiB": async ({ GuestMemory }) => {
    const memory = await GuestMemory.fromRanges([
      [0x0, 0x1000],
      [2 ** 40, 0x2000],
    ]);
    memory.writeUint32(2 ** 40 + 0x1ffc, 0xdead_beef);
    same([memory.readUint32(2n ** 40n + 0x1ffcn), memory.readUint32(0xffc)], [0xdead_beef, 0]);
    memory.dispose();
  },
  "bulk: partial at a hole, or the whole range or nothing": withMemory((memory) => {
    same(memory.write(0x1ffe, bytes), 2);
    memory.fill(0x1ff0, 0xaa, 16);
    same(
      failure(() => memory.writeSlice(0x1ffe, bytes)),
      "PARTIAL_BUFFER",
    );
    same(memory.readBytes(0x1ffe, 2), [0xaa, 0xaa]);
    memory.writeSlice(0xffe, bytes);
    const into = new Uint8Array(5);
    memory.readSlice(0xffe, into);
    same(into, bytes);
  }),
  "fill, overlapping copies, compare": withMemory((memory) => {
    memory.writeSlice(0x100, bytes);
    memory.copyWithin(0x102, 0x100, 5);
    same(memory.readBytes(0x100, 7), [1, 2, 1, 2, 3, 4, 5]);
    memory.fill(0x100, 0x1ff, 2);
    same([memory.readUint16(0x100), memory.compare(0x100, 0x102, 2), memory.compare(0x102, 0x100, 2)], [0xffff, 1, -1]);
  }),
  "copyFrom another memory": withMemory((memory, { GuestMemory }) => {
    const other = GuestMemory.fromRangesSync([[0x8000, 0x1000]]);
    other.writeSlice(0x8ffb, bytes);
    memory.copyFrom(0xffe, other, 0x8ffb, 5);
    same(memory.readBytes(0xffe, 5), bytes);
    other.dispose();
  }),
  "indexOf finds bytes across regions": withMemory((memory) => {
    memory.writeSlice(0xffd, bytes);
    same([memory.indexOf(bytes, 0, 0x2000), memory.indexOf(bytes, 0xffe, 0x1000)], [0xffd, -1]);
  }),
  "a view is the memory, and dies by growth": withMemory((memory) => {
    const view = memory.view(0x100, 16);
    view[3] = 9;
    same([memory.readUint8(0x103), memory.views(0xff8, 16).map(({ length }) => length)], [9, [8, 8]]);
    same(
      failure(() => memory.view(0xff8, 16)),
      "CROSSES_REGIONS",
    );
    const before = memory.viewGeneration;
    let told = 0;
    memory.events.addEventListener("viewsdetached", () => told++);
    memory.reserve(memory.wasmMemory.buffer.byteLength); // more than is free
    same([view.length, memory.view(0x100, 16)[3], told, memory.viewGeneration > before], [0, 9, 1, true]);
  }),
  "atomics give the old value": withMemory((memory) => {
    same([memory.store32(0x10, 5), memory.add32(0x10, 2), memory.exchange32(0x10, 1)], [5, 5, 7]);
    same([memory.compareExchange32(0x10, 1, 0xf0), memory.or32(0x10, 0x0f), memory.load8(0x10)], [1, 0xf0, 0xff]);
    same([memory.sub64(0x18, 1n), memory.load64(0x18)], [0n, 2n ** 64n - 1n]);
    same(
      failure(() => memory.load32(0x12)),
      "MISALIGNED",
    );
  }),
  "a source and a target on shared memory": withMemory((memory) => {
    // By this way a page has one too that is not cross-origin isolated.
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    same(Object.prototype.toString.call(buffer), "[object SharedArrayBuffer]");
    const shared = new Uint8Array(buffer, 16, 5);
    shared.set(bytes);
    memory.writeSlice(0xffe, shared);
    shared.fill(0);
    memory.readSlice(0xffe, shared);
    same(shared, bytes);
  }),
};
