// Scalar and atomic accesses.

import { address, bigValue, numberValue } from "../arguments.ts";
import type { Slot, World } from "../world.ts";
import type { Kinds } from "./kind.ts";

const SIZES: readonly (readonly [type: string, size: number])[] = [
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
];
const ATOMICS = ["load", "store", "add", "sub", "and", "or", "xor", "exchange", "compareExchange"];

/** Calls an accessor, now and then as a function of its own. */
function access(world: World, slot: Slot, name: string, args: unknown[]): void {
  if (!world.random.once(10)) world.call(slot.name, slot.memory, name, args);
  else world.call(`${slot.name}'s`, { [name]: slot.memory[name as "readUint8"] }, name, args);
}

export const scalars: Kinds = {};

function add(type: string, size: number, order: string): void {
  const value = type.startsWith("Big") ? bigValue : numberValue;
  scalars[`read${type}${order}`] = (world, slot) => {
    access(world, slot, `read${type}${order}`, [address(world, slot, size)]);
  };
  scalars[`write${type}${order}`] = (world, slot) => {
    access(world, slot, `write${type}${order}`, [address(world, slot, size), value(world)]);
  };
}

for (const [type, size] of SIZES) {
  add(type, size, "");
  if (size > 1) add(type, size, "BE");
}
add("BigUint128", 16, "");

for (const [name, size] of [
  ["fetchUint8", 1],
  ["fetchUint16", 2],
  ["fetchUint32", 4],
] as const) {
  scalars[name] = (world, slot) => access(world, slot, name, [address(world, slot, size)]);
}

export const atomics: Kinds = {};

for (const operation of ATOMICS) {
  for (const bits of [8, 16, 32, 64]) {
    const name = `${operation}${bits}`;
    const operands = operation === "load" ? 0 : operation === "compareExchange" ? 2 : 1;
    atomics[name] = (world, slot) => {
      const at = address(world, slot, bits / 8);
      const value = () => (bits === 64 ? bigValue(world) : numberValue(world));
      const args = [at, value(), value()].slice(0, 1 + operands);
      // Half of the comparisons are with 0, which often is there.
      if (operands === 2 && world.random.once(2)) args[1] = bits === 64 ? 0n : 0;
      access(world, slot, name, args);
    };
  }
}
