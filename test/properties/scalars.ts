// Scalar reads and writes, with and without an answer from `onUnmapped`, and every atomic operation.
import { Argument, type Machine } from "./machine.ts";
import type { Operation } from "./operation.ts";
import type { Outcome } from "./outcome.ts";

export type Kinds = Record<string, (machine: Machine, operation: Operation) => void>;

const TYPES = [
  ["Uint8", 1],
  ["Int8", 1],
  ["Uint16", 2],
  ["Int16", 2],
  ["Uint32", 4],
  ["Int32", 4],
  ["BigUint64", 8],
  ["BigInt64", 8],
  ["Float32", 4],
  ["Float64", 8],
] as const;

/** What DataView makes of bytes, which is what the facade must make of them. */
function decode(bytes: Uint8Array<ArrayBuffer>, type: (typeof TYPES)[number][0], little: boolean): number | bigint {
  return new DataView(bytes.buffer)[`get${type}`](0, little);
}

function encode(value: number | bigint, type: (typeof TYPES)[number][0], size: number, little: boolean) {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (typeof value === "bigint") view[type === "BigInt64" ? "setBigInt64" : "setBigUint64"](0, value, little);
  else if (type !== "BigUint64" && type !== "BigInt64") view[`set${type}`](0, value, little);
  return bytes;
}

/** Bytes as one little-endian number: what a handler is given, and gives. */
function raw(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function unraw(value: bigint, size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** A value to write: also ones that must wrap, have a fraction, or are no number. */
function operand(type: (typeof TYPES)[number][0], bits: bigint): number | bigint {
  if (type.startsWith("Big")) return bits % 3n === 0n ? bits - (1n << 63n) : bits % 3n === 1n ? bits << 3n : bits;
  const specials = [0, -0, -1, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 1.5, -1e300];
  if (bits % 8n === 0n) return specials[Number((bits >> 3n) % 10n)] ?? 0;
  const wide = Number(BigInt.asIntN(42, bits));
  return type.startsWith("Float") ? wide / 1024 : wide;
}

export const scalars: Kinds = {};

for (const [type, size] of TYPES) {
  for (const order of size === 1 ? [""] : ["", "BE"]) {
    const little = order === "";

    scalars[`read${type}${order}`] = (machine, { kind, at }) => {
      const address = machine.address(at);
      machine.call(kind, [address], () => {
        const fault = machine.model.fault(address.exact, BigInt(size));
        if (fault === undefined) return { value: decode(machine.model.load(address.exact, size), type, little) };
        const answer = machine.unmappedRead(fault, address.exact, size);
        if (answer === undefined) return { fault, address: address.exact };
        return { value: decode(unraw(answer, size), type, little) };
      });
    };

    scalars[`write${type}${order}`] = (machine, { kind, at, bits }) => {
      const [address, value] = [machine.address(at), operand(type, bits)];
      machine.call(kind, [address, value], () => {
        const bytes = encode(value, type, size, little);
        const fault = machine.model.fault(address.exact, BigInt(size));
        if (fault === undefined) machine.model.store(address.exact, bytes);
        else if (!machine.unmappedWrite(fault, address.exact, size, raw(bytes)))
          return { fault, address: address.exact };
        return { value: undefined };
      });
    };
  }
}

const OPERATIONS = ["load", "store", "add", "sub", "and", "or", "xor", "exchange", "compareExchange"] as const;
const ARRAYS = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array, 64: BigUint64Array } as const;

/** What `Atomics` does to bytes, and gives. `array` and the operands fit each other. */
function atomic(operation: (typeof OPERATIONS)[number], array: Uint32Array, operands: readonly number[]): unknown {
  const [first = 0, second = 0] = operands;
  if (operation === "load") return Atomics.load(array, 0);
  if (operation === "compareExchange") return Atomics.compareExchange(array, 0, first, second);
  return Atomics[operation](array, 0, first);
}

/** Atomic operations. No handler is asked for them: it could not be atomic. */
export const atomics: Kinds = {};

for (const operation of OPERATIONS) {
  for (const width of [8, 16, 32, 64] as const) {
    atomics[`${operation}${width}`] = (machine, { kind, at, bits }) => {
      const size = width / 8;
      const place = machine.address(at);
      // Three of four are aligned.
      const off = bits % 4n === 3n ? 0n : place.exact % BigInt(size);
      const address = new Argument(place.exact - off, at.asBigint);
      const value = (shift: bigint) => (width === 64 ? bits << shift : Number(BigInt.asIntN(36, bits >> shift)));
      const operands = [value(0n), value(7n)].slice(
        0,
        operation === "load" ? 0 : operation === "compareExchange" ? 2 : 1,
      );
      // Half of the comparisons are with what is there.
      const present = machine.model.fault(address.exact, BigInt(size)) === undefined && bits % 2n === 0n;
      if (operation === "compareExchange" && present) {
        const there = raw(machine.model.load(address.exact, size));
        operands[0] = width === 64 ? there : Number(there);
      }
      machine.call(kind, [address, ...operands], (): Outcome => {
        const fault = machine.model.fault(address.exact, BigInt(size)) ?? misplaced(machine, address.exact, size);
        if (fault !== undefined) return { fault, address: address.exact };
        const bytes = machine.model.load(address.exact, size);
        const result = atomic(operation, new ARRAYS[width](bytes.buffer) as Uint32Array, operands as number[]);
        if (operation !== "load") machine.model.store(address.exact, bytes);
        return { value: result };
      });
    };
  }
}

function misplaced(machine: Machine, address: bigint, size: number): string | undefined {
  if (address % BigInt(size) !== 0n) return "MISALIGNED";
  return machine.model.runs(address, BigInt(size)).length > 1 ? "CROSSES_REGIONS" : undefined;
}
