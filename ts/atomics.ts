// Atomic accesses: the JavaScript engine's own, on the element that a guest address resolves to.

import type { AtomicFields } from "./atomic-fields.ts";
import type { Resolver } from "./resolver.ts";
import type { Space } from "./space.ts";

/** What a store leaves in the dirty map. */
const MARK = 0xff;

/**
 * Installs the atomic accesses of `target`. Resolving may find new arrays, so they are taken from the linear memory
 * after it; the page is marked after the operation, which may refuse its value.
 */
export function installAtomics(target: AtomicFields, space: Space, resolver: Resolver): void {
  const { linear } = space;
  const mark = (host: number): void => {
    linear.dirty[host >>> 12] = MARK;
  };

  target.load8 = (address) => {
    const host = resolver.element(address, 1);
    return Atomics.load(linear.u8, host);
  };
  target.store8 = (address, value) => {
    const host = resolver.element(address, 1);
    const stored = Atomics.store(linear.u8, host, value);
    mark(host);
    return stored;
  };
  target.add8 = (address, value) => {
    const host = resolver.element(address, 1);
    const old = Atomics.add(linear.u8, host, value);
    mark(host);
    return old;
  };
  target.sub8 = (address, value) => {
    const host = resolver.element(address, 1);
    const old = Atomics.sub(linear.u8, host, value);
    mark(host);
    return old;
  };
  target.and8 = (address, value) => {
    const host = resolver.element(address, 1);
    const old = Atomics.and(linear.u8, host, value);
    mark(host);
    return old;
  };
  target.or8 = (address, value) => {
    const host = resolver.element(address, 1);
    const old = Atomics.or(linear.u8, host, value);
    mark(host);
    return old;
  };
  target.xor8 = (address, value) => {
    const host = resolver.element(address, 1);
    const old = Atomics.xor(linear.u8, host, value);
    mark(host);
    return old;
  };
  target.exchange8 = (address, value) => {
    const host = resolver.element(address, 1);
    const old = Atomics.exchange(linear.u8, host, value);
    mark(host);
    return old;
  };
  target.compareExchange8 = (address, expected, replacement) => {
    const host = resolver.element(address, 1);
    const old = Atomics.compareExchange(linear.u8, host, expected, replacement);
    mark(host);
    return old;
  };

  target.load16 = (address) => {
    const host = resolver.element(address, 2);
    return Atomics.load(linear.u16, host / 2);
  };
  target.store16 = (address, value) => {
    const host = resolver.element(address, 2);
    const stored = Atomics.store(linear.u16, host / 2, value);
    mark(host);
    return stored;
  };
  target.add16 = (address, value) => {
    const host = resolver.element(address, 2);
    const old = Atomics.add(linear.u16, host / 2, value);
    mark(host);
    return old;
  };
  target.sub16 = (address, value) => {
    const host = resolver.element(address, 2);
    const old = Atomics.sub(linear.u16, host / 2, value);
    mark(host);
    return old;
  };
  target.and16 = (address, value) => {
    const host = resolver.element(address, 2);
    const old = Atomics.and(linear.u16, host / 2, value);
    mark(host);
    return old;
  };
  target.or16 = (address, value) => {
    const host = resolver.element(address, 2);
    const old = Atomics.or(linear.u16, host / 2, value);
    mark(host);
    return old;
  };
  target.xor16 = (address, value) => {
    const host = resolver.element(address, 2);
    const old = Atomics.xor(linear.u16, host / 2, value);
    mark(host);
    return old;
  };
  target.exchange16 = (address, value) => {
    const host = resolver.element(address, 2);
    const old = Atomics.exchange(linear.u16, host / 2, value);
    mark(host);
    return old;
  };
  target.compareExchange16 = (address, expected, replacement) => {
    const host = resolver.element(address, 2);
    const old = Atomics.compareExchange(linear.u16, host / 2, expected, replacement);
    mark(host);
    return old;
  };

  target.load32 = (address) => {
    const host = resolver.element(address, 4);
    return Atomics.load(linear.u32, host / 4);
  };
  target.store32 = (address, value) => {
    const host = resolver.element(address, 4);
    const stored = Atomics.store(linear.u32, host / 4, value);
    mark(host);
    return stored;
  };
  target.add32 = (address, value) => {
    const host = resolver.element(address, 4);
    const old = Atomics.add(linear.u32, host / 4, value);
    mark(host);
    return old;
  };
  target.sub32 = (address, value) => {
    const host = resolver.element(address, 4);
    const old = Atomics.sub(linear.u32, host / 4, value);
    mark(host);
    return old;
  };
  target.and32 = (address, value) => {
    const host = resolver.element(address, 4);
    const old = Atomics.and(linear.u32, host / 4, value);
    mark(host);
    return old;
  };
  target.or32 = (address, value) => {
    const host = resolver.element(address, 4);
    const old = Atomics.or(linear.u32, host / 4, value);
    mark(host);
    return old;
  };
  target.xor32 = (address, value) => {
    const host = resolver.element(address, 4);
    const old = Atomics.xor(linear.u32, host / 4, value);
    mark(host);
    return old;
  };
  target.exchange32 = (address, value) => {
    const host = resolver.element(address, 4);
    const old = Atomics.exchange(linear.u32, host / 4, value);
    mark(host);
    return old;
  };
  target.compareExchange32 = (address, expected, replacement) => {
    const host = resolver.element(address, 4);
    const old = Atomics.compareExchange(linear.u32, host / 4, expected, replacement);
    mark(host);
    return old;
  };

  target.load64 = (address) => {
    const host = resolver.element(address, 8);
    return Atomics.load(linear.u64, host / 8);
  };
  target.store64 = (address, value) => {
    const host = resolver.element(address, 8);
    const stored = Atomics.store(linear.u64, host / 8, value);
    mark(host);
    return stored;
  };
  target.add64 = (address, value) => {
    const host = resolver.element(address, 8);
    const old = Atomics.add(linear.u64, host / 8, value);
    mark(host);
    return old;
  };
  target.sub64 = (address, value) => {
    const host = resolver.element(address, 8);
    const old = Atomics.sub(linear.u64, host / 8, value);
    mark(host);
    return old;
  };
  target.and64 = (address, value) => {
    const host = resolver.element(address, 8);
    const old = Atomics.and(linear.u64, host / 8, value);
    mark(host);
    return old;
  };
  target.or64 = (address, value) => {
    const host = resolver.element(address, 8);
    const old = Atomics.or(linear.u64, host / 8, value);
    mark(host);
    return old;
  };
  target.xor64 = (address, value) => {
    const host = resolver.element(address, 8);
    const old = Atomics.xor(linear.u64, host / 8, value);
    mark(host);
    return old;
  };
  target.exchange64 = (address, value) => {
    const host = resolver.element(address, 8);
    const old = Atomics.exchange(linear.u64, host / 8, value);
    mark(host);
    return old;
  };
  target.compareExchange64 = (address, expected, replacement) => {
    const host = resolver.element(address, 8);
    const old = Atomics.compareExchange(linear.u64, host / 8, expected, replacement);
    mark(host);
    return old;
  };
}
