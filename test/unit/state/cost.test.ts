// The cost of snapshots and restorations follows the pages that were written, counted in comparisons and copies.
import { afterEach, expect, test, vi } from "vitest";
import { GuestMemory, init } from "../../../ts/index.ts";
import { Rewind } from "../../../ts/rewind.ts";
import { RegionPages } from "../../../ts/state/region-pages.ts";

await init();
const PAGE = 4096;
const compared = vi.spyOn(RegionPages.prototype, "equals");
const written = vi.spyOn(RegionPages.prototype, "write");
afterEach(() => vi.clearAllMocks());

const make = (pages: number) => GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: pages * PAGE }]);

test.each([64, 16_384])("a reset of a memory of %i pages looks at those that were written since the last", (pages) => {
  using memory = make(pages);
  memory.fill(0, 1, 32 * PAGE);
  const saved = memory.snapshot();
  for (let run = 0; run < 50; run++) {
    vi.clearAllMocks();
    for (let page = 0; page < 3; page++) memory.writeUint8(((run + page) % 32) * PAGE, 7);
    memory.restore(saved);
    expect([compared.mock.calls.length, written.mock.calls.length]).toEqual([3, 3]);
  }
});

test("a chain's changes are compared with its base alone", () => {
  using memory = make(16_384);
  const first = memory.snapshot();
  memory.fill(0, 1, 100 * PAGE);
  const second = memory.snapshot({ since: first });
  memory.fill(50 * PAGE, 2, 10 * PAGE);
  vi.clearAllMocks();
  memory.snapshot({ since: second });
  expect(compared.mock.calls.length).toBe(10);
  vi.clearAllMocks();
  memory.snapshot({ since: first });
  expect(compared.mock.calls.length).toBe(100);
});

test("a mark after a way back looks at the pages that were written since", () => {
  using memory = make(1024);
  const rewind = new Rewind(memory, { budget: 1 << 20 });
  memory.fill(0, 1, 20 * PAGE);
  rewind.back(0);
  vi.clearAllMocks();
  memory.writeUint8(5 * PAGE, 1);
  rewind.mark();
  expect(compared.mock.calls.length).toBe(1);
});

test("thousands of marks between two snapshots are joined", () => {
  using memory = make(64);
  const old = memory.snapshot();
  for (let round = 0; round < 2000; round++) {
    memory.writeUint8((round % 8) * PAGE, round);
    memory.snapshot();
  }
  vi.clearAllMocks();
  memory.restore(old);
  expect(compared.mock.calls.length).toBe(8);
});
