// Accesses to a map: the CPU's, instruction fetches, atomics, the loader's, the debugger's, devices'.
import { Argument } from "./machine.ts";
import type { MapKinds } from "./map-changes.ts";
import type { MapMachine, Side } from "./map-machine.ts";
import { EXECUTE, READ, type Seen, WRITE } from "./map-model.ts";
import type { Operation } from "./operation.ts";
import type { Outcome } from "./outcome.ts";

const ok = (value?: unknown): Outcome => ({ value });

/** Bytes as one little-endian value: a number up to 4 bytes. */
function numberOf(bytes: Uint8Array): number | bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return bytes.length <= 4 ? Number(value) : value;
}

function bytesOf(value: bigint, size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function scalarRead(name: string, size: number, access: number) {
  return (machine: MapMachine, { at, bits }: Operation) => {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    machine.call(side, name, [address], () => {
      const { fault } = side.model.reach(address.exact, size, access);
      let bytes: Uint8Array;
      if (fault === undefined) bytes = machine.load(side, address.exact, size, "cpu");
      else {
        const handler = machine.handler(fault, address.exact);
        const what = access === EXECUTE && handler === "onDenied" ? "fetch" : "read";
        const answer = handler === undefined ? undefined : machine.asked(`${handler}.${what}`, address.exact, size);
        if (answer === undefined) return { fault, address: address.exact };
        bytes = bytesOf(answer, size);
      }
      machine.tell(side, address.exact, size, access, numberOf(bytes), undefined, "cpu");
      return ok(numberOf(bytes));
    });
  };
}

function scalarWrite(name: string, size: number) {
  return (machine: MapMachine, { at, other, bits }: Operation) => {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const bytes = bytesOf(bits * BigInt(other.anchor + 1) * 0x1_0000_0000_0001n, size);
    machine.call(side, name, [address, numberOf(bytes)], () => {
      const { fault } = side.model.reach(address.exact, size, WRITE);
      const handler = fault && machine.handler(fault, address.exact);
      if (fault !== undefined && handler === undefined) return { fault, address: address.exact };
      const old = fault === undefined ? side.model.current(address.exact, size) : undefined;
      machine.tell(side, address.exact, size, WRITE, numberOf(bytes), old && numberOf(old), "cpu");
      if (handler) machine.took(`${handler}.write`, address.exact, size, numberOf(bytes));
      else machine.store(side, address.exact, bytes, "cpu");
      return ok();
    });
  };
}

/** Reads of ranges; `whole`: all of it, or an error. */
function reader(name: string, whole: boolean) {
  return (machine: MapMachine, { at, bits, bytes }: Operation) => {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const into = new Uint8Array(bytes.length).fill(0xa5);
    let expected: Uint8Array | undefined = new Uint8Array(0);
    machine.call(side, name, [address, name === "readBytes" ? bytes.length : into], () => {
      const { fault, count } = side.model.reach(address.exact, into.length, READ);
      const refused = whole ? machine.refused(side, address.exact, into.length, READ) : count === 0 ? fault : undefined;
      if (refused !== undefined) return { fault: refused, address: address.exact };
      const read = machine.loadServed(side, address.exact, whole ? into.length : count, "cpu");
      if (whole && read.length < into.length) {
        expected = read;
        return { fault: fault as string, address: address.exact };
      }
      expected = undefined; // a callback that throws leaves the caller's array open
      machine.tell(side, address.exact, read.length, READ, read, undefined, "cpu");
      expected = read;
      return ok(name === "readBytes" ? read : whole ? undefined : count);
    });
    if (expected === undefined || name === "readBytes") return;
    const rest = new Uint8Array(into.length - expected.length).fill(0xa5);
    machine.same("bytes read", Buffer.compare(into, Buffer.concat([expected, rest])), 0);
  };
}

/** What bytes are written by a write, a fill or a copy: told, then stored. */
function put(machine: MapMachine, side: Side, address: bigint, bytes: Uint8Array, who: "cpu" | "dma"): void {
  const old = side.model.current(address, bytes.length);
  machine.tell(side, address, bytes.length, WRITE, bytes, old, who);
  machine.storeServed(side, address, bytes, who);
}

function plain({ length, seed }: Operation["bytes"]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (seed >> (index % 24)) + index);
}

function writer(name: string, whole: boolean) {
  return (machine: MapMachine, { at, bits, bytes }: Operation) => {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const source = plain(bytes);
    machine.call(side, name, [address, source], () => {
      const { fault, count } = side.model.reach(address.exact, source.length, WRITE);
      const refused = whole
        ? machine.refused(side, address.exact, source.length, WRITE)
        : count === 0
          ? fault
          : undefined;
      if (refused !== undefined) return { fault: refused, address: address.exact };
      put(machine, side, address.exact, whole ? source : source.slice(0, count), "cpu");
      return ok(whole ? undefined : count);
    });
  };
}

const OPERATIONS = ["load", "store", "add", "exchange", "compareExchange"] as const;
const ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;

function atomic(operation: (typeof OPERATIONS)[number]) {
  return (machine: MapMachine, { at, bits }: Operation) => {
    const side = machine.side(bits);
    const width = ([8, 16, 32, 64] as const)[Number((bits >> 2n) % 4n)] ?? 8;
    const size = width / 8;
    const place = machine.address(at, side);
    const off = bits % 16n === 3n ? 0n : place.exact % BigInt(size);
    const address = new Argument(place.exact - off, at.asBigint || machine.wide);
    const operand = (shift: bigint) => numberOf(bytesOf(bits >> shift, size));
    const count = operation === "load" ? 0 : operation === "compareExchange" ? 2 : 1;
    const operands = [operand(0n), operand(9n)].slice(0, count);
    const access = operation === "load" ? READ : operation === "store" ? WRITE : READ | WRITE;
    machine.call(side, `${operation}${width}`, [address, ...operands], () => {
      const { fault } = side.model.reach(address.exact, size, access, true);
      if (fault !== undefined) return { fault, address: address.exact };
      if (address.exact % BigInt(size) !== 0n) return { fault: "MISALIGNED", address: address.exact };
      if (!side.model.isOneRun(address.exact, size)) return { fault: "CROSSES_REGIONS", address: address.exact };
      const { region, offset } = side.model.see(address.exact) as Seen;
      if ((region.made + offset) % BigInt(size) !== 0n) return { fault: "MISALIGNED", address: address.exact };
      const bytes = side.model.load(address.exact, size);
      const old = numberOf(bytes);
      const result = act(operation, new ARRAYS[width](bytes.buffer) as Uint32Array, operands as number[]);
      if (operation === "load") machine.tell(side, address.exact, size, READ, old, undefined, "cpu");
      else {
        machine.tell(side, address.exact, size, WRITE, numberOf(bytes), old, "cpu");
        machine.store(side, address.exact, bytes, "cpu");
      }
      return ok(result);
    });
  };
}

/** What `Atomics` does to bytes, and gives. `array` and the operands fit each other. */
function act(operation: (typeof OPERATIONS)[number], array: Uint32Array, [first = 0, second = 0]: readonly number[]) {
  if (operation === "load") return Atomics.load(array, 0);
  if (operation === "compareExchange") return Atomics.compareExchange(array, 0, first, second);
  return Atomics[operation](array, 0, first);
}

/** A checked range, and then a part of it: mostly inside. */
function dma(access: "read" | "write") {
  return (machine: MapMachine, { at, bits, bytes, other }: Operation) => {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const source = plain(bytes);
    const before = other.anchor % 5;
    const length = new Argument(BigInt(bytes.length + before + (bits % 8n === 1n ? -1 : 0)), other.asBigint);
    const what = access === "read" ? READ : WRITE;
    const start = address.exact + BigInt(before);
    machine.log.push(`dma(${address.given}, ${length.given}, ${access}) from ${before} on, ${bytes.length} bytes`);
    const into = new Uint8Array(bytes.length);
    let read: Uint8Array | undefined;
    machine.compare(
      () => {
        if (!address.valid || !length.valid) return { fault: "RangeError" };
        const fault = machine.refused(side, address.exact, Number(length.exact), what);
        if (fault !== undefined) return { fault, address: address.exact };
        if (BigInt(before + bytes.length) > length.exact) return { fault: "PARTIAL_BUFFER", address: address.exact };
        if (access === "read") {
          const loaded = machine.loadServed(side, start, bytes.length, "dma");
          if (loaded.length < bytes.length) {
            const { fault: hole = "" } = side.model.reach(start, bytes.length, READ);
            return { fault: hole, address: start };
          }
          machine.tell(side, start, bytes.length, READ, loaded, undefined, "dma");
          read = loaded;
        } else {
          put(machine, side, start, source, "dma");
          machine.expectHostWrite(side, start, source.length);
        }
        return ok();
      },
      () => {
        const range = side.memory.dma(address.given, length.given, access);
        if (access === "read") range.read(before, into);
        else range.write(before, source);
      },
    );
    if (read) machine.same("bytes read", Buffer.compare(into, read), 0);
  };
}

const SCALARS = ["Uint8", "Uint16", "Uint32", "BigUint64"] as const;

/** A checked range of sixteen bytes or fewer, and a scalar in it: mostly inside. */
function dmaScalar(access: "read" | "write") {
  return (machine: MapMachine, { at, bits, other }: Operation) => {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const index = Number((bits >> 3n) % 4n);
    const [type, size] = [SCALARS[index] ?? "Uint8", 2 ** index];
    const offset = new Argument(BigInt(other.anchor % 6), other.asBigint);
    const length = Number(offset.exact) + size - (bits % 8n === 1n ? 1 : 0);
    const bytes = bytesOf(bits * 0x1_0000_0001n, size);
    const start = address.exact + offset.exact;
    machine.log.push(`dma(${address.given}, ${length}, ${access}).${access}${type}(${offset.given})`);
    machine.compare(
      () => {
        if (!address.valid) return { fault: "RangeError" };
        const fault = machine.refused(side, address.exact, length, access === "read" ? READ : WRITE);
        if (fault !== undefined) return { fault, address: address.exact };
        if (offset.exact + BigInt(size) > length) return { fault: "PARTIAL_BUFFER", address: address.exact };
        if (access === "read") {
          const loaded = machine.loadServed(side, start, size, "dma");
          if (loaded.length < size) return { fault: side.model.reach(start, size, READ).fault ?? "", address: start };
          const value = numberOf(loaded);
          machine.tell(side, start, size, READ, value, undefined, "dma");
          return ok(value);
        }
        const old = side.model.current(start, size);
        machine.tell(side, start, size, WRITE, numberOf(bytes), old && numberOf(old), "dma");
        machine.storeServed(side, start, bytes, "dma");
        machine.expectHostWrite(side, start, size);
        return ok();
      },
      () => {
        const range = side.memory.dma(address.given, length, access);
        if (access === "read") return range[`read${type}`](offset.given);
        return range[`write${type}`](offset.given, numberOf(bytes) as never);
      },
    );
  };
}

export const accesses: MapKinds = {
  readUint8: scalarRead("readUint8", 1, READ),
  readUint16: scalarRead("readUint16", 2, READ),
  readUint32: scalarRead("readUint32", 4, READ),
  readBigUint64: scalarRead("readBigUint64", 8, READ),
  readBigUint128: scalarRead("readBigUint128", 16, READ),
  fetchUint8: scalarRead("fetchUint8", 1, EXECUTE),
  fetchUint16: scalarRead("fetchUint16", 2, EXECUTE),
  fetchUint32: scalarRead("fetchUint32", 4, EXECUTE),
  writeUint8: scalarWrite("writeUint8", 1),
  writeUint16: scalarWrite("writeUint16", 2),
  writeUint32: scalarWrite("writeUint32", 4),
  writeBigUint64: scalarWrite("writeBigUint64", 8),
  writeBigUint128: scalarWrite("writeBigUint128", 16),
  read: reader("read", false),
  readSlice: reader("readSlice", true),
  readBytes: reader("readBytes", true),
  write: writer("write", false),
  writeSlice: writer("writeSlice", true),
  load: atomic("load"),
  store: atomic("store"),
  add: atomic("add"),
  exchange: atomic("exchange"),
  compareExchange: atomic("compareExchange"),
  "dma read": dma("read"),
  "dma write": dma("write"),
  "dma scalar read": dmaScalar("read"),
  "dma scalar write": dmaScalar("write"),

  fill(machine, { at, bits, length }) {
    const side = machine.side(bits);
    const [address, bytes] = [machine.address(at, side), machine.length(length)];
    const byte = Number(bits & 0xffn);
    machine.call(side, "fill", [address, byte, bytes], () => {
      const fault = machine.refused(side, address.exact, Number(bytes.exact), WRITE);
      if (fault !== undefined) return { fault, address: address.exact };
      put(machine, side, address.exact, new Uint8Array(Number(bytes.exact)).fill(byte), "cpu");
      return ok();
    });
  },

  copyFrom(machine, { at, other, bits, length }) {
    const [side, source] = [machine.side(bits), machine.side(bits >> 2n)];
    const [to, from, bytes] = [machine.address(at, side), machine.address(other, source), machine.length(length)];
    machine.call(side, "copyFrom", [to, source.memory, from, bytes], () => {
      const count = Number(bytes.exact);
      const fault = machine.refused(source, from.exact, count, READ);
      if (fault !== undefined) return { fault, address: from.exact };
      const target = machine.refused(side, to.exact, count, WRITE);
      if (target !== undefined) return { fault: target, address: to.exact };
      const copied = machine.loadServed(source, from.exact, count, "cpu");
      if (copied.length < count)
        return { fault: source.model.reach(from.exact, count, READ).fault ?? "", address: from.exact };
      machine.tell(source, from.exact, count, READ, copied, undefined, "cpu");
      put(machine, side, to.exact, copied, "cpu");
      return ok();
    });
  },

  peek(machine, { at, bits, bytes }) {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    machine.call(side, "peek", [address, bytes.length], () => {
      const [shown, known] = [new Uint8Array(bytes.length), new Uint8Array(bytes.length)];
      for (let index = 0; index < bytes.length; index++) {
        const seen = side.model.see(address.exact + BigInt(index));
        if (seen === undefined || seen.region.kind === "reserved") continue;
        const { kind, registers, bytes: held, peeks } = seen.region;
        if (kind === "mmio" && !peeks) continue;
        shown[index] = (kind === "mmio" ? registers : held)[Number(seen.offset)] as number;
        known[index] = 1;
      }
      return ok({ bytes: shown, known });
    });
  },

  poke(machine, { at, bits, bytes }) {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const source = plain(bytes);
    machine.call(side, "poke", [address, source], () => {
      const { fault } = side.model.reach(address.exact, source.length, 0, true);
      if (fault !== undefined) return { fault, address: address.exact };
      machine.spring(side.model, address.exact, source.length, true);
      side.model.store(address.exact, source, () => {}, true);
      machine.expectHostWrite(side, address.exact, source.length);
      return ok();
    });
  },

  discard(machine, { at, bits, length }) {
    const side = machine.side(bits);
    const near = machine.address(at, side);
    // Mostly whole pages: these are given back.
    const pages = bits % 4n !== 0n;
    const address = pages ? new Argument(near.exact - (near.exact % 4096n), at.asBigint || machine.wide) : near;
    const bytes = pages ? new Argument(4096n * ((bits >> 4n) % 4n), length.asBigint) : machine.length(length);
    machine.call(side, "discard", [address, bytes], () => {
      const count = Number(bytes.exact);
      const fault = side.model.undiscardable(address.exact, count);
      if (fault !== undefined) return { fault, address: address.exact };
      side.model.discard(address.exact, count);
      try {
        machine.spring(side.model, address.exact, count, true, true);
      } finally {
        machine.expectHostWrite(side, address.exact, count);
      }
      return ok();
    });
  },

  hostOffset(machine, { at, bits, bytes }) {
    const side = machine.side(bits);
    const address = machine.address(at, side);
    const access = bits & 16n ? "write" : "read";
    if (!address.valid) return;
    machine.log.push(`hostOffset(${address.given}, ${bytes.length}, ${access})`);
    // What was discarded may lie nowhere, or apart; where it lies somewhere, there are its bytes.
    const torn = (index: number) => side.model.see(address.exact + BigInt(index))?.region.torn === true;
    if (
      Array.from({ length: bytes.length }, (_, index) => torn(index)).includes(true) &&
      side.memory.hostOffset(address.given, bytes.length, access) === undefined
    )
      return;
    machine.compare(
      () => {
        const what = access === "read" ? READ : WRITE;
        const { model } = side;
        const end = address.exact + BigInt(bytes.length);
        const { fault } = model.reach(address.exact, bytes.length, what, true);
        // A watch counts for all of its pages, and a trap for its bytes.
        const watched =
          (what === WRITE && machine.isTrapped(model, address.exact, bytes.length)) ||
          model.watches.some(
            ({ first, last, access }) =>
              access & what && (first >> 12n) << 12n < end && (last | 0xfffn) >= address.exact,
          );
        const elsewhere = model.see(address.exact)?.region.kind === "external";
        const hidden = bytes.length > 0 && (fault !== undefined || watched || elsewhere);
        return ok(
          hidden || !model.isOneRun(address.exact, bytes.length) ? undefined : model.load(address.exact, bytes.length),
        );
      },
      () => {
        const offset = side.memory.hostOffset(address.given, bytes.length, access);
        return offset === undefined ? undefined : side.memory.tables.bytes.slice(offset, offset + bytes.length);
      },
    );
  },
};
