// Options: an option of a wrong type is an error and changes nothing, and a getter is asked once.
import { expect, test } from "vitest";
import { GuestMemory, type GuestMemoryOptions, type RegionSpec, type WatchKinds } from "../../../ts/index.ts";
import { expectCode, expectUntouched, thrownBy } from "../support.ts";

const NO_BOOLEANS = ["no", "", 0, 1, null, {}, Number.NaN, 1n] as unknown as boolean[];

test("a flag that is not a boolean is a TypeError", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  expectUntouched(memory, () => {
    for (const wrong of NO_BOOLEANS) {
      const calls: Record<string, () => unknown> = {
        enabled: () => memory.map({ kind: "ram", start: 0x8000, size: 0x1000, enabled: wrong }),
        "enabled in create": () => GuestMemory.createSync([{ kind: "ram", start: 0, size: 16, enabled: wrong }]),
        flat: () => memory.tree({ flat: wrong }),
        read: () => memory.watch(0, 1, { read: wrong, write: true }, () => {}),
        write: () => memory.watch(0, 1, { read: true, write: wrong }, () => {}),
        execute: () => memory.watch(0, 1, { read: true, execute: wrong }, () => {}),
      };
      for (const [name, call] of Object.entries(calls)) {
        expect(thrownBy(call), `${name}: ${String(wrong)}`).toBeInstanceOf(TypeError);
      }
    }
  });
  memory.watch(0, 1, { read: true, write: undefined }, () => {}).dispose();
  expect(memory.map({ kind: "ram", start: 0x8000, size: 0x1000, enabled: undefined } as object as RegionSpec)).toEqual(
    expect.objectContaining({ enabled: true }),
  );
});

test("options that are no object are a TypeError", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  for (const wrong of [null, 5, "name", true, () => {}] as unknown as object[]) {
    for (const call of [
      () => GuestMemory.fromRangesSync([[0, 0x1000]], wrong as GuestMemoryOptions),
      () => GuestMemory.createSync([], wrong as GuestMemoryOptions),
      () => memory.tree(wrong),
      () => memory.watch(0, 1, wrong as WatchKinds, () => {}),
    ]) {
      expect(thrownBy(call), String(wrong)).toEqual(
        expect.objectContaining({ message: expect.stringContaining("must be an object") }),
      );
    }
  }
});

/** A spec in which the property `key` has another value from its second reading on. */
function changing<S extends RegionSpec>(spec: S, key: keyof S, later: unknown): { spec: S; reads: () => number } {
  let reads = 0;
  const first: unknown = spec[key];
  Object.defineProperty(spec, key, { enumerable: true, get: () => (reads++ === 0 ? first : later) });
  return { spec, reads: () => reads };
}

test("a property of a region is read once, so that a getter cannot change its answer", () => {
  const kinds = ["ram", "rom", "romDevice", "mmio", "alias", "external", "reserved", "no kind"];
  const complete = (kind: string) => ({
    kind,
    name: "one",
    start: 0x1_0000,
    size: 0x1000,
    priority: 1,
    enabled: false,
    of: "ram",
    offset: 0,
    device: { read8: () => 1 },
    source: new ArrayBuffer(0x1000),
  });
  const later: Record<string, unknown[]> = {
    kind: kinds,
    name: [5, "other"],
    start: [-1, 0x5_0000],
    size: [0, 0x2000],
    priority: ["1", 7],
    enabled: ["no", true],
    of: [undefined, "nothing"],
    offset: [0x900, -1],
    device: [undefined, {}],
    source: [undefined, new ArrayBuffer(1)],
  };
  for (const kind of kinds.slice(0, -1)) {
    for (const [key, values] of Object.entries(later)) {
      for (const value of values) {
        using memory = GuestMemory.fromRangesSync([[0, 0x1000]]);
        const { spec, reads } = changing(complete(kind) as object as RegionSpec, key as keyof RegionSpec, value);
        const region = memory.map(spec);
        const what = `${kind}: ${key}, then ${String(value)}`;
        expect(reads(), what).toBe(1);
        const { start, size, priority, enabled, name } = region;
        expect({ kind: region.kind, start, size, priority, enabled, name }, what).toEqual({
          ...{ kind, start: 0x1_0000, size: 0x1000, priority: 1, enabled: false, name: "one" },
        });
        if (key === "kind")
          GuestMemory.createSync([
            { kind: "ram", start: 0, size: 0x1000 },
            changing(complete(kind) as object as RegionSpec, "kind", value).spec,
          ]).dispose();
      }
    }
  }
});

test("contents of an undefined value are none, and null is a TypeError", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const spec = (contents: unknown) => ({ kind: "ram", start: 0x8000, size: 0x1000, contents }) as RegionSpec;
  memory.unmap(memory.map(spec(undefined)));
  expectUntouched(memory, () => {
    for (const wrong of [null, "abc", [1], new Uint16Array(1), new ArrayBuffer(4), { length: 3 }]) {
      expect(thrownBy(() => memory.map(spec(wrong)))).toBeInstanceOf(TypeError);
    }
  });
});

test("an empty needle at an address past 2^53 is found exactly, or refused", async () => {
  const none = new Uint8Array(0);
  const top = 2n ** 64n - 1n;
  using wide = await GuestMemory.create([{ kind: "ram", start: top - 0xfffn, size: 0x1000 }], { addresses: "bigint" });
  expect(wide.indexOf(none, top, 0)).toBe(top);
  expect(wide.indexOf(none, top, 1)).toBe(top);
  expect(wide.indexOf(Uint8Array.of(1), top, 1)).toBe(-1n);
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  expect(memory.indexOf(none, 2 ** 53 - 1, 0)).toBe(2 ** 53 - 1);
  for (const address of [2n ** 53n, 2n ** 53n + 1n, top]) {
    expect(thrownBy(() => memory.indexOf(none, address, 0))).toBeInstanceOf(RangeError);
    expect(memory.indexOf(Uint8Array.of(1), address, 0)).toBe(-1);
  }
  expectCode(() => memory.indexOf(none, 0x1000, 1), "INVALID_GUEST_ADDRESS", { address: 0x1000, length: 1 });
});

test("specs that dispose the memory make no space of it", async () => {
  const memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  const specs = (function* () {
    memory.dispose();
    yield { kind: "ram", start: 0, size: 0x1000 } as const;
  })();
  expectCode(() => memory.space(specs), "DISPOSED");
});

test("specs of a wrong type take no memory", async () => {
  using memory = await GuestMemory.fromRanges([[0, 0x1000]]);
  expectUntouched(memory, () => {
    const good = { kind: "ram", start: 0, size: 0x1000 } as const;
    for (const wrong of [null, { ...good, kind: "RAM" }, { ...good, size: 0 }, { ...good, start: -1 }]) {
      expect(() => GuestMemory.createSync([good, wrong as RegionSpec])).toThrow();
      expect(() => memory.space([good, wrong as RegionSpec])).toThrow();
    }
  });
});
