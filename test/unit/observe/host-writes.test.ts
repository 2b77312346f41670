// Listeners of the host's writes that throw: every listener hears, the write is made, and the caller gets the first error.
import { expect, test } from "vitest";
import { GuestMemory, init } from "../../../ts/index.ts";
import { counting, thrownBy } from "../support.ts";

await init();

/** RAM that two more address spaces show, with a listener for each, which throws its number if it is in `throwing`. */
function machine(throwing: readonly number[]) {
  const memory = GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: 0x1000 }]);
  const [ram] = memory.mapped;
  if (ram === undefined) throw new Error("no RAM");
  const heard: number[] = [];
  const spaces = [memory, memory.space([{ kind: "alias", start: 0, of: ram }]), memory.space([])];
  spaces[2]?.map({ kind: "alias", start: 0x4000, of: ram });
  for (const [number, space] of spaces.entries()) {
    space.onHostWrite = () => {
      heard.push(number);
      if (throwing.includes(number)) throw new Error(`listener ${number}`);
    };
  }
  return { memory, heard };
}

const WRITES: [string, (memory: GuestMemory) => void][] = [
  ["poke", (memory) => memory.poke(0x10, counting(4))],
  ["a device's write", (memory) => memory.dma(0x10, 4, "write").write(0, counting(4))],
  ["a device's scalar", (memory) => memory.dma(0x10, 4, "write").writeUint32(0, 0x0403_0201)],
  ["markDirty", (memory) => memory.markDirty(0x10, 4)],
];

test.each(WRITES)("%s: one listener's error, whichever it is, and the first of two", (name, write) => {
  for (const throwing of [[0], [1], [2], [1, 2], [0, 2], [0, 1, 2]]) {
    const { memory, heard } = machine(throwing);
    expect(String(thrownBy(() => write(memory)))).toBe(`Error: listener ${throwing[0]}`);
    expect(heard).toEqual([0, 1, 2]);
    if (name !== "markDirty") expect(memory.readUint32(0x10)).toBe(0x0403_0201);
    memory.dispose();
  }
});
