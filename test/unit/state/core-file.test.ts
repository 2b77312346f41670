// coreFile: binutils find the guest's ranges and bytes in it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { GuestMemory, init } from "../../../ts/index.ts";
import { coreFile } from "../../../ts/snapshot.ts";
import { program } from "../../support/engines.ts";
import { counting } from "../support.ts";

await init();
const folder = mkdtempSync(join(tmpdir(), "guest-memory-core-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytesOf = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
  new Uint8Array(await new Response(stream).arrayBuffer());

/** RAM and ROM that touch, a device and a hole behind, external memory, and RAM past 4 GiB. */
function machine(): GuestMemory {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "RAM", start: 0x1000, size: 0x8_0000 },
    { kind: "rom", name: "ROM", start: 0x8_1000, size: 0x800, contents: counting(16) },
    { kind: "mmio", name: "UART", start: 0x8_1800, size: 0x100, device: { read8: () => expect.unreachable() } },
    { kind: "external", name: "VRAM", start: 0x10_0000, source: new Uint8Array(0x123).fill(0xab).buffer },
    { kind: "ram", name: "high", start: 0x1_0000_0000, size: 0x2000 },
    { kind: "ram", name: "hidden", start: 0x9000_0000, size: 0x1000, enabled: false },
  ]);
  memory.writeSlice(0x7_fffe, Uint8Array.of(0x77, 0x78));
  memory.protect(0x1000, 0x1000, "---");
  memory.discard(0x4000, 0x4000);
  memory.writeUint32(0x1_0000_1ffc, 0xdead_beef);
  return memory;
}

const binutils = ["readelf", "objdump"].every((name) => program(name, "the system's package binutils"));
test.runIf(binutils)("readelf and objdump find each range at its address, with its bytes", async () => {
  using memory = machine();
  const path = join(folder, "guest.core");
  writeFileSync(path, await bytesOf(coreFile(memory, { machine: 62 })));
  const headers = execFileSync("readelf", ["--wide", "--file-header", "--segments", path], { encoding: "utf8" });
  expect(headers).toMatch(/Type: +CORE/);
  expect(headers).toContain("X86-64");
  const loads = [...headers.matchAll(/LOAD +0x\w+ 0x(\w+) 0x(\w+) 0x(\w+) 0x(\w+) RWE/g)];
  expect(loads.map(([, ...words]) => words.map((word) => Number.parseInt(word, 16)))).toEqual([
    [0x1000, 0x1000, 0x8_0800, 0x8_0800],
    [0x10_0000, 0x10_0000, 0x123, 0x123],
    [0x1_0000_0000, 0x1_0000_0000, 0x2000, 0x2000],
  ]);
  const dump = (from: number, to: number) =>
    execFileSync("objdump", ["-s", `--start-address=${from}`, `--stop-address=${to}`, path], { encoding: "utf8" });
  expect(dump(0x7_fffe, 0x8_0000)).toContain(" 7778 ");
  expect(dump(0x8_1000, 0x8_1008)).toContain(" 01020304 05060708 ");
  expect(dump(0x10_011f, 0x10_0123)).toContain(" ab ababab ");
  expect(dump(0x1_0000_1ffc, 0x1_0000_2000)).toContain(" efbeadde ");
});

test("it reads when it is asked, and fails where memory leaves the map", async () => {
  using memory = machine();
  const reader = coreFile(memory).getReader();
  const { value: head } = await reader.read();
  expect([head?.length, head?.[18]]).toEqual([0x1000, 0]);
  memory.writeUint8(0x2000, 9);
  expect((await reader.read()).value?.[0x1000]).toBe(9);
  memory.unmap("RAM");
  await expect(reader.read()).rejects.toMatchObject({ code: "PARTIAL_BUFFER", address: 0x4_1000 });
});

test("a memory without ranges, one at the end of all addresses, and wrong arguments", async () => {
  using empty = GuestMemory.createSync([]);
  expect((await bytesOf(coreFile(empty))).length).toBe(0x1000);
  using top = GuestMemory.createSync([{ kind: "ram", start: 2n ** 64n - 0x1000n, size: 0x1000 }], {
    addresses: "bigint",
  });
  const view = new DataView((await bytesOf(coreFile(top))).buffer);
  expect([view.getBigUint64(64 + 16, true), view.getBigUint64(64 + 32, true)]).toEqual([2n ** 64n - 0x1000n, 0x1000n]);
  const wrong = (value: unknown) => value as never;
  expect(() => coreFile(wrong({}))).toThrow("memory must be a GuestMemory, not an object");
  expect(() => coreFile(empty, wrong(1))).toThrow("options must be an object");
  expect(() => coreFile(empty, { machine: wrong("x86") })).toThrow("machine must be a number, not a string");
  expect(() => coreFile(empty, { machine: 65_536 })).toThrow(RangeError);
  empty.dispose();
  expect(() => coreFile(empty)).toThrow("the memory was disposed");
});
