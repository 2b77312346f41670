// Atomic accesses: apply the engine's `Atomics` to the array element that a guest address resolves to.

import { ACCESS_READ, ACCESS_WRITE, DIRTY_MARK } from "../core/abi.ts";
import { notBigint, type U64Like } from "../core/u64.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { Space } from "../space/space.ts";
import type { AtomicAccess } from "./atomic-access.ts";
import { Elements } from "./elements.ts";

/** An operation that returns the old value needs both permissions. */
const READ_WRITE = ACCESS_READ | ACCESS_WRITE;

/** Sizes of elements that are numbers, in bytes. */
type Size = 1 | 2 | 4;
type Element = Uint8Array | Uint16Array | Uint32Array;
/** One of the functions of `Atomics`. */
type Operation = (array: Element, index: number, value: number) => number;
type Operation64 = (array: BigUint64Array, index: number, value: bigint) => bigint;

/**
 * Installs the atomic accesses of `target`. Operands become numbers before the address is resolved, because an object's
 * `valueOf` may run any code, and even remove the region. The array is taken after the address is resolved, because
 * resolving replaces the arrays if linear memory has grown.
 */
export function installAtomics(target: AtomicAccess, space: Space, watchers: Watchers): void {
  const { linear } = space;
  const elements = new Elements(space, watchers);

  /** The array that holds the element found last. */
  const array = (size: Size): Element => {
    const { cells } = elements;
    return size === 1 ? cells.u8 : size === 2 ? cells.u16 : cells.u32;
  };
  const marked = <T>(host: number, result: T): T => {
    if (elements.cells === linear) linear.dirty[host >>> 12] = DIRTY_MARK;
    return result;
  };
  /** Finds an element to read, and calls the watches that cover it. */
  const readable = (address: U64Like, size: Size | 8): number => {
    const host = elements.find(address, size, ACCESS_READ);
    if (!elements.watched) return host;
    const value = size === 8 ? Atomics.load(elements.cells.u64, host / 8) : Atomics.load(array(size), host / size);
    watchers.notify(address, size, ACCESS_READ, "cpu", () => ({ value, oldValue: undefined }));
    return elements.find(address, size, ACCESS_READ); // again, because a callback may have changed the map
  };
  /** Finds an element to write, and calls the watches that cover it with the result that `operation` will have. */
  const writable = (address: U64Like, size: Size, access: number, operation: (array: Element) => unknown): number => {
    const host = elements.find(address, size, access);
    if (!elements.watched) return host;
    const copy = array(size).slice(host / size, host / size + 1);
    const oldValue = copy[0];
    operation(copy);
    watchers.notify(address, size, ACCESS_WRITE, "cpu", () => ({ value: copy[0], oldValue }));
    return elements.find(address, size, access);
  };
  const writable64 = (address: U64Like, access: number, operation: (array: BigUint64Array) => unknown): number => {
    const host = elements.find(address, 8, access);
    if (!elements.watched) return host;
    const copy = elements.cells.u64.slice(host / 8, host / 8 + 1);
    const oldValue = copy[0];
    operation(copy);
    watchers.notify(address, 8, ACCESS_WRITE, "cpu", () => ({ value: copy[0], oldValue }));
    return elements.find(address, 8, access);
  };

  const load = (size: Size) => (address: U64Like) => {
    const host = readable(address, size);
    return Atomics.load(array(size), host / size);
  };
  const modify = (size: Size, operation: Operation) => (address: U64Like, value: number) => {
    const number = +value;
    const access = operation === Atomics.store ? ACCESS_WRITE : READ_WRITE;
    const host = writable(address, size, access, (copy) => operation(copy, 0, number));
    return marked(host, operation(array(size), host / size, number));
  };
  const replace = (size: Size) => (address: U64Like, expected: number, replacement: number) => {
    const [from, to] = [+expected, +replacement];
    const host = writable(address, size, READ_WRITE, (copy) => Atomics.compareExchange(copy, 0, from, to));
    return marked(host, Atomics.compareExchange(array(size), host / size, from, to));
  };
  const modify64 = (operation: Operation64) => (address: U64Like, value: bigint) => {
    if (typeof value !== "bigint") throw notBigint(value);
    const access = operation === Atomics.store ? ACCESS_WRITE : READ_WRITE;
    const host = writable64(address, access, (copy) => operation(copy, 0, value));
    return marked(host, operation(elements.cells.u64, host / 8, value));
  };

  target.load8 = load(1);
  target.store8 = modify(1, Atomics.store);
  target.add8 = modify(1, Atomics.add);
  target.sub8 = modify(1, Atomics.sub);
  target.and8 = modify(1, Atomics.and);
  target.or8 = modify(1, Atomics.or);
  target.xor8 = modify(1, Atomics.xor);
  target.exchange8 = modify(1, Atomics.exchange);
  target.compareExchange8 = replace(1);

  target.load16 = load(2);
  target.store16 = modify(2, Atomics.store);
  target.add16 = modify(2, Atomics.add);
  target.sub16 = modify(2, Atomics.sub);
  target.and16 = modify(2, Atomics.and);
  target.or16 = modify(2, Atomics.or);
  target.xor16 = modify(2, Atomics.xor);
  target.exchange16 = modify(2, Atomics.exchange);
  target.compareExchange16 = replace(2);

  target.load32 = load(4);
  target.store32 = modify(4, Atomics.store);
  target.add32 = modify(4, Atomics.add);
  target.sub32 = modify(4, Atomics.sub);
  target.and32 = modify(4, Atomics.and);
  target.or32 = modify(4, Atomics.or);
  target.xor32 = modify(4, Atomics.xor);
  target.exchange32 = modify(4, Atomics.exchange);
  target.compareExchange32 = replace(4);

  target.load64 = (address) => {
    const host = readable(address, 8);
    return Atomics.load(elements.cells.u64, host / 8);
  };
  target.store64 = modify64(Atomics.store);
  target.add64 = modify64(Atomics.add);
  target.sub64 = modify64(Atomics.sub);
  target.and64 = modify64(Atomics.and);
  target.or64 = modify64(Atomics.or);
  target.xor64 = modify64(Atomics.xor);
  target.exchange64 = modify64(Atomics.exchange);
  target.compareExchange64 = (address, expected, replacement) => {
    if (typeof expected !== "bigint") throw notBigint(expected);
    if (typeof replacement !== "bigint") throw notBigint(replacement);
    const host = writable64(address, READ_WRITE, (copy) => Atomics.compareExchange(copy, 0, expected, replacement));
    return marked(host, Atomics.compareExchange(elements.cells.u64, host / 8, expected, replacement));
  };
}
