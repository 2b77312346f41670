// The map as text: the facade makes it from the core's data, and Rust makes its own. Both are the same, line for line.
import { beforeAll, expect, test } from "vitest";
import { GuestMemory, init, type MappedRegion, type RegionSpec } from "../../ts/index.ts";
import { build, type Devices, importGlue, wasm } from "./build.ts";

let devices: Devices;

beforeAll(async () => {
  build();
  devices = await importGlue("tree");
  await init({ glue: devices, wasm });
});

function expectOneText(memory: GuestMemory | GuestMemory<bigint>, name: string): void {
  for (const flat of [false, true]) {
    expect(`${memory.tree({ flat })}\n`).toBe(devices.tree(memory.handle, name, flat));
  }
}

test("an empty map; regions of every kind; what Rust has mapped; addresses up to 2^64", async () => {
  using memory = await GuestMemory.create([], { addresses: "bigint", name: "große Machine" });
  expectOneText(memory, "große Machine");
  const bank = memory.map({ kind: "ram", name: "bank 😀", start: 0n, size: 0x3000n });
  memory.map({ kind: "rom", start: 0xffff_ffff_ffff_f000n, size: 0x1000n });
  memory.map({ kind: "romDevice", name: "flash", start: 1n << 60n, size: 0x1001n, device: { peek: () => undefined } });
  memory.map({
    kind: "mmio",
    name: "",
    start: 0x1000n,
    size: 1n,
    priority: 2 ** 31 - 1,
    device: { peek: () => undefined },
  });
  memory.map({ kind: "reserved", name: " blanks ", start: 0x1000n, size: 0x20n, priority: -(2 ** 31) });
  const window = memory.map({ kind: "alias", name: "a window", start: 0x8000n, of: bank, offset: 0x800n });
  memory.map({ kind: "alias", name: "of a window", start: 0x10_0000n, of: window, offset: 1n, size: 5n });
  memory.map({ kind: "alias", name: "hidden", start: 0n, of: "flash", priority: 7, enabled: false });
  devices.insert(memory.handle, 0x20_0000n, 0x1000n);
  expectOneText(memory, "große Machine");
  expect(memory.tree()).toContain("(prio 7, romd): alias hidden");
  memory.unmap(bank); // aliases still name it, and show it
  expectOneText(memory, "große Machine");
  expect(memory.tree()).toContain("alias a window @bank 😀");
  memory.transaction(() => {
    memory.map({ kind: "ram", name: "not yet seen", start: 0x30_0000n, size: 1n });
    expectOneText(memory, "große Machine");
  });
});

test("random maps", async () => {
  let seed = 11;
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed >>> 8) % limit;
  };
  const kinds = ["ram", "rom", "mmio", "reserved", "alias"] as const;
  for (let round = 0; round < 30; round++) {
    using memory = await GuestMemory.create([]);
    const regions: MappedRegion[] = [];
    for (let index = 0; index < 12; index++) {
      const target = regions[random(regions.length + 1)];
      const kind = target ? (kinds[random(5)] as (typeof kinds)[number]) : "ram";
      const place = { name: `r${index}`, start: random(0x8000), priority: index - 6, enabled: random(4) > 0 };
      const size = 1 + random(0x2000);
      const spec = { kind, ...place, size, of: target, device: { peek: () => undefined } };
      if (kind === "alias") spec.size = 1 + random(Number(target?.size));
      regions.push(memory.map(spec as RegionSpec));
    }
    memory.unmap(regions.splice(random(12), 1)[0] as MappedRegion);
    expectOneText(memory, "memory");
  }
});
