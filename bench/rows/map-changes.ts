// Changes of a map with many regions, against the same change with few; and with listeners, against none.

import { GuestMemory, init, type MappedRegion, type MemoryEvents } from "guest-memory";
import { compare, type Effort } from "../clock.ts";
import type { Row } from "../row.ts";

const [FEW, SOME, MANY] = [16, 1024, 16_384];
const CHANGED = ["mapchanged", "viewsdetached"] as const;
const EVERY = [...CHANGED, "mapbegin", "regionremove", "regionadd", "mapcommit"] as const;

/** So many regions of one page, each apart, and the middle one. */
function machine(
  count: number,
  events: readonly (keyof MemoryEvents)[] = [],
): { memory: GuestMemory; bank: MappedRegion } {
  const specs = Array.from({ length: count }, (_, index) => {
    return { kind: "ram", name: `r${index}`, start: index * 0x2000, size: 0x1000 } as const;
  });
  const memory = GuestMemory.createSync(specs);
  for (const event of events) memory.events.addEventListener(event, () => {});
  return { memory, bank: memory.region(`r${count >> 1}`) as MappedRegion };
}

type Machine = ReturnType<typeof machine>;

const bankSwitch = ({ bank }: Machine) => {
  bank.disable();
  bank.enable();
};
const trap = ({ memory }: Machine) => {
  memory.trapWrites(0x10, 4, () => {});
  memory.writeUint32(0x10, 1);
};
const unmapped = ({ memory, bank }: Machine) => {
  const start = bank.start + 0x1000;
  memory.map({ kind: "reserved", name: "new", start, size: 0x1000 });
  memory.unmap(memory.region("new") as MappedRegion);
};
const discarded = ({ memory, bank }: Machine) => {
  memory.writeUint8(bank.start, 1);
  memory.discard(bank.start, 0x1000);
};

const operations: [name: string, act: (machine: Machine) => void][] = [
  ["bank switch", bankSwitch],
  ["write trap set and sprung", trap],
  ["region mapped, and unmapped by name", unmapped],
  ["write and discard of a page", discarded],
];

export async function mapChanges(effort: Effort): Promise<Row[]> {
  await init();
  const [few, some, many, heard] = [machine(FEW), machine(SOME), machine(MANY), machine(SOME, CHANGED)];
  const row = (name: string, act: () => void, than: () => void): Row => {
    const { ratio, measured, baseline } = compare(effort, 1, act, than);
    const note = `${(measured / 1e3).toFixed(1)} us against ${(baseline / 1e3).toFixed(1)} us`;
    return { name, value: ratio, unit: "x", most: 2, note };
  };
  const rows = operations.flatMap(([name, act]) => [
    row(
      `${name}, 1,024 regions against 16`,
      () => act(some),
      () => act(few),
    ),
    row(
      `${name}, 16,384 regions against 1,024`,
      () => act(many),
      () => act(some),
    ),
    row(
      `${name}, with listeners against none`,
      () => act(heard),
      () => act(some),
    ),
  ]);
  const every = machine(SOME, EVERY);
  const { most: _, ...all } = row(
    "bank switch, with listeners of each range against none", // four events for each change: no bound
    () => bankSwitch(every),
    () => bankSwitch(some),
  );
  for (const { memory } of [few, some, many, heard, every]) memory.dispose();
  return [...rows, all];
}
