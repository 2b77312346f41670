// hexdump: the text of a range.
import { GuestMemory, hexdump } from "guest-memory";
import { expect, test } from "vitest";

test("addresses, bytes and characters, with unknown bytes as such", async () => {
  using memory = await GuestMemory.create([
    { kind: "ram", start: 0, size: 0x1000 },
    { kind: "mmio", start: 0x1004, size: 4, device: { peek: (offset: number) => 0x30 + offset, read8: () => 0 } },
  ]);
  memory.write(0xfe9, new TextEncoder().encode("boot~ROM\x7f\x80é"));
  expect(hexdump(memory, 0xfe9, 0x2b).split("\n")).toEqual([
    "00000fe9  62 6f 6f 74 7e 52 4f 4d  7f c2 80 c3 a9 00 00 00  |boot~ROM........|",
    "00000ff9  00 00 00 00 00 00 00 ??  ?? ?? ?? 30 31 32 33 ??  |.......????0123?|",
    "00001009  ?? ?? ?? ?? ?? ?? ?? ??  ?? ?? ??                 |???????????|",
  ]);
  expect(hexdump(memory, 0, 0)).toBe("");
  expect(hexdump(memory, 0xfff, 1)).toBe("00000fff  00                                                |.|");
});

test("past 4 GiB an address has 16 digits", async () => {
  using memory = await GuestMemory.create([{ kind: "ram", start: 2n ** 64n - 0x1000n, size: 0x1000 }], {
    addresses: "bigint",
  });
  expect(hexdump(memory, 2n ** 64n - 2n, 2)).toMatch(/^fffffffffffffffe {2}00 00 {45}\|\.\.\|$/);
  expect(hexdump(memory, 0xffff_ffffn, 2)).toMatch(/^00000000ffffffff {2}\?\? \?\?/);
});
