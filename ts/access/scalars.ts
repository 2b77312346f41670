// The scalar fast path: one closure for each accessor, over the page table and the bytes. No call, no allocation.
//
// Each closure is written out. A shared helper that makes closures would give all of them one set of type feedback, and
// the engine would compile every access for every array type. docs/page-table.md explains the sequence. `>>> 0` keeps
// host offsets from 2 GiB on unsigned. The flags of a page-table entry have the values of the access bits. Aligned
// integers use a typed array of their size, the fastest way on every engine; other accesses within one page use a
// DataView. A value becomes a number before the address is resolved, as in DataView, because an object's `valueOf` may
// even remove the region.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, DIRTY_MARK } from "../core/abi.ts";
import { notBigint, type U64Like } from "../core/u64.ts";
import type { Space } from "../space/space.ts";
import type { ScalarAccess } from "./scalar-access.ts";
import { sectionAccess } from "./section-access.ts";
import type { Sections } from "./sections.ts";
import type { SlowPath } from "./slow-path.ts";

/**
 * Installs the scalar accesses of `target`, over the current arrays. Each is assigned by its name, because a computed
 * key would make the engine turn the object into a slow dictionary.
 */
export function installScalars(target: ScalarAccess, space: Space, slow: SlowPath, sections: Sections): void {
  // `words` serves the page table and aligned 32-bit values: one array less to load and check.
  const { words, tableIndex } = space;
  const { buffer, u8, u16, dirty } = space.linear;
  const i8 = new Int8Array(buffer);
  const i16 = new Int16Array(buffer);
  const i32 = new Int32Array(buffer);
  const data = new DataView(buffer);
  const { load8, load16, load32, store8, store16, store32 } = sectionAccess(space, sections, slow);

  /** The host offset of `address`, if it and the `last` bytes after it lie in one page that has `flag`; else -1. */
  const at = (address: U64Like, last: number, flag: number): number => {
    if (typeof address !== "number") return -1;
    const guest = address >>> 0;
    const entry = words[tableIndex + (guest >>> 12)] as number;
    if ((entry & flag) === 0 || guest !== address || (guest & 0xfff) + last > 0xfff) return -1;
    return (((entry & ~15) << 8) | (guest & 0xfff)) >>> 0;
  };

  target.readUint8 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_READ) !== 0 && guest === address) {
        return u8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] as number;
      }
    }
    return load8(address);
  };

  target.writeUint8 = (address, value) => {
    const number = +value;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_WRITE) !== 0 && guest === address) {
        u8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] = number;
        dirty[entry >>> 4] = DIRTY_MARK;
        return;
      }
    }
    store8(address, number);
  };

  target.readInt8 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_READ) !== 0 && guest === address) {
        return i8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] as number;
      }
    }
    return slow.load(address, 1).getInt8(0);
  };

  target.writeInt8 = (address, value) => {
    const number = +value;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_WRITE) !== 0 && guest === address) {
        i8[(((entry & ~15) << 8) | (guest & 0xfff)) >>> 0] = number;
        dirty[entry >>> 4] = DIRTY_MARK;
        return;
      }
    }
    slow.scratch.setInt8(0, number);
    slow.store(address, 1);
  };

  target.readUint16 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_READ) !== 0 && guest === address) {
        if ((guest & 1) === 0) return u16[(((entry & ~15) << 7) | ((guest & 0xfff) >>> 1)) >>> 0] as number;
        if ((guest & 0xfff) <= 4094) return data.getUint16((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, true);
      }
    }
    return load16(address);
  };

  target.writeUint16 = (address, value) => {
    const number = +value;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_WRITE) !== 0 && guest === address) {
        if ((guest & 1) === 0) {
          u16[(((entry & ~15) << 7) | ((guest & 0xfff) >>> 1)) >>> 0] = number;
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
        if ((guest & 0xfff) <= 4094) {
          data.setUint16((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, number, true);
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
      }
    }
    store16(address, number);
  };

  target.readUint16BE = (address) => {
    const host = at(address, 1, ACCESS_READ);
    return host >= 0 ? data.getUint16(host, false) : slow.load(address, 2).getUint16(0, false);
  };

  target.writeUint16BE = (address, value) => {
    const number = +value;
    const host = at(address, 1, ACCESS_WRITE);
    if (host >= 0) {
      data.setUint16(host, number, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setUint16(0, number, false);
      slow.store(address, 2);
    }
  };

  target.readInt16 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_READ) !== 0 && guest === address) {
        if ((guest & 1) === 0) return i16[(((entry & ~15) << 7) | ((guest & 0xfff) >>> 1)) >>> 0] as number;
        if ((guest & 0xfff) <= 4094) return data.getInt16((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, true);
      }
    }
    return slow.load(address, 2).getInt16(0, true);
  };

  target.writeInt16 = (address, value) => {
    const number = +value;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_WRITE) !== 0 && guest === address) {
        if ((guest & 1) === 0) {
          i16[(((entry & ~15) << 7) | ((guest & 0xfff) >>> 1)) >>> 0] = number;
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
        if ((guest & 0xfff) <= 4094) {
          data.setInt16((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, number, true);
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
      }
    }
    slow.scratch.setInt16(0, number, true);
    slow.store(address, 2);
  };

  target.readInt16BE = (address) => {
    const host = at(address, 1, ACCESS_READ);
    return host >= 0 ? data.getInt16(host, false) : slow.load(address, 2).getInt16(0, false);
  };

  target.writeInt16BE = (address, value) => {
    const number = +value;
    const host = at(address, 1, ACCESS_WRITE);
    if (host >= 0) {
      data.setInt16(host, number, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setInt16(0, number, false);
      slow.store(address, 2);
    }
  };

  target.readUint32 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_READ) !== 0 && guest === address) {
        if ((guest & 3) === 0) return words[((entry & ~15) << 6) | ((guest & 0xfff) >>> 2)] as number;
        if ((guest & 0xfff) <= 4092) return data.getUint32((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, true);
      }
    }
    return load32(address);
  };

  target.writeUint32 = (address, value) => {
    const number = +value;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_WRITE) !== 0 && guest === address) {
        if ((guest & 3) === 0) {
          words[((entry & ~15) << 6) | ((guest & 0xfff) >>> 2)] = number;
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
        if ((guest & 0xfff) <= 4092) {
          data.setUint32((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, number, true);
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
      }
    }
    store32(address, number);
  };

  target.readUint32BE = (address) => {
    const host = at(address, 3, ACCESS_READ);
    return host >= 0 ? data.getUint32(host, false) : slow.load(address, 4).getUint32(0, false);
  };

  target.writeUint32BE = (address, value) => {
    const number = +value;
    const host = at(address, 3, ACCESS_WRITE);
    if (host >= 0) {
      data.setUint32(host, number, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setUint32(0, number, false);
      slow.store(address, 4);
    }
  };

  target.readInt32 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_READ) !== 0 && guest === address) {
        if ((guest & 3) === 0) return i32[((entry & ~15) << 6) | ((guest & 0xfff) >>> 2)] as number;
        if ((guest & 0xfff) <= 4092) return data.getInt32((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, true);
      }
    }
    return slow.load(address, 4).getInt32(0, true);
  };

  target.writeInt32 = (address, value) => {
    const number = +value;
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_WRITE) !== 0 && guest === address) {
        if ((guest & 3) === 0) {
          i32[((entry & ~15) << 6) | ((guest & 0xfff) >>> 2)] = number;
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
        if ((guest & 0xfff) <= 4092) {
          data.setInt32((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, number, true);
          dirty[entry >>> 4] = DIRTY_MARK;
          return;
        }
      }
    }
    slow.scratch.setInt32(0, number, true);
    slow.store(address, 4);
  };

  target.readInt32BE = (address) => {
    const host = at(address, 3, ACCESS_READ);
    return host >= 0 ? data.getInt32(host, false) : slow.load(address, 4).getInt32(0, false);
  };

  target.writeInt32BE = (address, value) => {
    const number = +value;
    const host = at(address, 3, ACCESS_WRITE);
    if (host >= 0) {
      data.setInt32(host, number, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setInt32(0, number, false);
      slow.store(address, 4);
    }
  };

  target.readBigUint64 = (address) => {
    const host = at(address, 7, ACCESS_READ);
    return host >= 0 ? data.getBigUint64(host, true) : slow.loadBig(address, 8);
  };

  target.writeBigUint64 = (address, value) => {
    if (typeof value !== "bigint") throw notBigint(value);
    const host = at(address, 7, ACCESS_WRITE);
    if (host >= 0) {
      data.setBigUint64(host, value, true);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setBigUint64(0, value, true);
      slow.store(address, 8);
    }
  };

  target.readBigUint64BE = (address) => {
    const host = at(address, 7, ACCESS_READ);
    return host >= 0 ? data.getBigUint64(host, false) : slow.load(address, 8).getBigUint64(0, false);
  };

  target.writeBigUint64BE = (address, value) => {
    if (typeof value !== "bigint") throw notBigint(value);
    const host = at(address, 7, ACCESS_WRITE);
    if (host >= 0) {
      data.setBigUint64(host, value, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setBigUint64(0, value, false);
      slow.store(address, 8);
    }
  };

  target.readBigInt64 = (address) => {
    const host = at(address, 7, ACCESS_READ);
    return host >= 0 ? data.getBigInt64(host, true) : slow.load(address, 8).getBigInt64(0, true);
  };

  target.writeBigInt64 = (address, value) => {
    if (typeof value !== "bigint") throw notBigint(value);
    const host = at(address, 7, ACCESS_WRITE);
    if (host >= 0) {
      data.setBigInt64(host, value, true);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setBigInt64(0, value, true);
      slow.store(address, 8);
    }
  };

  target.readBigInt64BE = (address) => {
    const host = at(address, 7, ACCESS_READ);
    return host >= 0 ? data.getBigInt64(host, false) : slow.load(address, 8).getBigInt64(0, false);
  };

  target.writeBigInt64BE = (address, value) => {
    if (typeof value !== "bigint") throw notBigint(value);
    const host = at(address, 7, ACCESS_WRITE);
    if (host >= 0) {
      data.setBigInt64(host, value, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setBigInt64(0, value, false);
      slow.store(address, 8);
    }
  };

  target.readBigUint128 = (address) => {
    const host = at(address, 15, ACCESS_READ);
    if (host < 0) return slow.loadBig(address, 16);
    return data.getBigUint64(host, true) | (data.getBigUint64(host + 8, true) << 64n);
  };

  target.writeBigUint128 = (address, value) => {
    if (typeof value !== "bigint") throw notBigint(value);
    const host = at(address, 15, ACCESS_WRITE);
    if (host >= 0) {
      data.setBigUint64(host, value, true);
      data.setBigUint64(host + 8, value >> 64n, true);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setBigUint64(0, value, true);
      slow.scratch.setBigUint64(8, value >> 64n, true);
      slow.store(address, 16);
    }
  };

  target.fetchUint8 = (address) => {
    const host = at(address, 0, ACCESS_EXECUTE);
    return host >= 0 ? (u8[host] as number) : slow.loadUnsigned(address, 1, ACCESS_EXECUTE);
  };

  target.fetchUint16 = (address) => {
    if (typeof address === "number") {
      const guest = address >>> 0;
      const entry = words[tableIndex + (guest >>> 12)] as number;
      if ((entry & ACCESS_EXECUTE) !== 0 && guest === address) {
        if ((guest & 1) === 0) return u16[(((entry & ~15) << 7) | ((guest & 0xfff) >>> 1)) >>> 0] as number;
        if ((guest & 0xfff) <= 4094) return data.getUint16((((entry & ~15) << 8) | (guest & 0xfff)) >>> 0, true);
      }
    }
    return slow.loadUnsigned(address, 2, ACCESS_EXECUTE);
  };

  target.fetchUint32 = (address) => {
    const host = at(address, 3, ACCESS_EXECUTE);
    return host >= 0 ? data.getUint32(host, true) : slow.loadUnsigned(address, 4, ACCESS_EXECUTE);
  };

  target.readFloat32 = (address) => {
    const host = at(address, 3, ACCESS_READ);
    return host >= 0 ? data.getFloat32(host, true) : slow.load(address, 4).getFloat32(0, true);
  };

  target.writeFloat32 = (address, value) => {
    const number = +value;
    const host = at(address, 3, ACCESS_WRITE);
    if (host >= 0) {
      data.setFloat32(host, number, true);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setFloat32(0, number, true);
      slow.store(address, 4);
    }
  };

  target.readFloat32BE = (address) => {
    const host = at(address, 3, ACCESS_READ);
    return host >= 0 ? data.getFloat32(host, false) : slow.load(address, 4).getFloat32(0, false);
  };

  target.writeFloat32BE = (address, value) => {
    const number = +value;
    const host = at(address, 3, ACCESS_WRITE);
    if (host >= 0) {
      data.setFloat32(host, number, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setFloat32(0, number, false);
      slow.store(address, 4);
    }
  };

  target.readFloat64 = (address) => {
    const host = at(address, 7, ACCESS_READ);
    return host >= 0 ? data.getFloat64(host, true) : slow.load(address, 8).getFloat64(0, true);
  };

  target.writeFloat64 = (address, value) => {
    const number = +value;
    const host = at(address, 7, ACCESS_WRITE);
    if (host >= 0) {
      data.setFloat64(host, number, true);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setFloat64(0, number, true);
      slow.store(address, 8);
    }
  };

  target.readFloat64BE = (address) => {
    const host = at(address, 7, ACCESS_READ);
    return host >= 0 ? data.getFloat64(host, false) : slow.load(address, 8).getFloat64(0, false);
  };

  target.writeFloat64BE = (address, value) => {
    const number = +value;
    const host = at(address, 7, ACCESS_WRITE);
    if (host >= 0) {
      data.setFloat64(host, number, false);
      dirty[host >>> 12] = DIRTY_MARK;
    } else {
      slow.scratch.setFloat64(0, number, false);
      slow.store(address, 8);
    }
  };
}
