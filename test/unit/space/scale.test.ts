// Scale: a change of the map costs as much as it changes, however many regions there are, with listeners too.
import { afterAll, beforeAll, expect, test } from "vitest";
import { GuestMemory, init, type MappedRegion } from "../../../ts/index.ts";

const [FEW, MANY] = [64, 8192];
/** A cost that grew with the regions would be some forty times as high, or more. The rest is for a busy machine. */
const LIMIT = 12;

/** A memory of so many regions, with one in the middle whose changes are measured. */
function machine(count: number) {
  const memory = GuestMemory.createSync(
    Array.from({ length: count }, (_, index) => ({
      kind: "ram" as const,
      name: `r${index}`,
      start: index * 0x2000,
      size: 0x1000,
    })),
  );
  const name = `r${count >> 1}`;
  return { memory, name, region: memory.region(name) as MappedRegion, start: (count >> 1) * 0x2000 };
}

type Machine = ReturnType<typeof machine>;
let machines: [Machine, Machine];

beforeAll(async () => {
  await init();
  machines = [machine(FEW), machine(MANY)];
});

afterAll(() => {
  for (const { memory } of machines) memory.dispose();
});

/** The least time that an operation takes, in milliseconds for a hundred. */
function timeOf(act: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    for (let count = 0; count < 100; count++) act();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const SWITCH = ({ region }: Machine) => {
  region.disable();
  region.enable();
};

test.each<[string, (machine: Machine) => void]>([
  ["a bank switch", SWITCH],
  [
    "a move there and back",
    ({ region, start }) => {
      region.move(start + 0x1000);
      region.move(start);
    },
  ],
  [
    "a region that is mapped and unmapped by its name",
    ({ memory, start }) => {
      memory.map({ kind: "reserved", name: "new", start: start + 0x1000, size: 0x1000 });
      memory.unmap(memory.region("new") as MappedRegion);
    },
  ],
  [
    "a region that is inserted and removed",
    ({ memory, start }) => {
      memory.insertRegion(start + 0x1000, 0x1000);
      memory.removeRegion(start + 0x1000, 0x1000);
    },
  ],
  [
    "a search for a region after each change",
    (machine) => {
      SWITCH(machine);
      expect(machine.memory.findRegion(machine.start)?.start).toBe(machine.start);
    },
  ],
])("%s costs the same among 64 regions and among 8,192", (_, act) => {
  const [few, many] = machines.map((machine) => timeOf(() => act(machine))) as [number, number];
  expect(many / few).toBeLessThan(LIMIT);
});

test("listeners of every kind cost a bank switch among 8,192 regions little", () => {
  const without = timeOf(() => SWITCH(machines[1]));
  let heard = 0;
  for (const type of ["mapbegin", "regionremove", "regionadd", "mapcommit", "mapchanged", "viewsdetached"]) {
    machines[1].memory.events.addEventListener(type, () => heard++);
  }
  const among = timeOf(() => SWITCH(machines[1]));
  expect(heard).toBe(12 * 100 * 8); // two changes of four events each
  expect(among / without).toBeLessThan(LIMIT);
});

test("a transaction of 8,192 changes costs, for each, what one of 64 costs", () => {
  const each = ({ memory }: Machine) => {
    const regions = memory.mapped;
    const time = () => {
      const start = performance.now();
      memory.transaction(() => regions.forEach((region) => void region.disable()));
      memory.transaction(() => regions.forEach((region) => void region.enable()));
      return performance.now() - start;
    };
    return Math.min(time(), time(), time()) / regions.length;
  };
  const [few, many] = machines.map(each) as [number, number];
  expect(many / few).toBeLessThan(LIMIT);
});
