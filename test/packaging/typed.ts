// A program of a TypeScript user, and the compiler's answer to it: for the tests that compile the packed declarations.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/toolchain.mjs";
import type { Consumer } from "./packed.ts";

/** What a user would write, and what must not compile: were a type `any`, its @ts-expect-error would be the error. */
const program = `import {
  type DirtyClient,
  GuestMemory,
  GuestMemoryError,
  type GuestMemoryErrorCode,
  type GuestMemoryTables,
  type GuestRange,
  type GuestRegion,
  init,
  type InitOptions,
  type OnUnmapped,
  type WasmMemory,
} from "guest-memory";
import wasm from "guest-memory/inline";
import plugin from "guest-memory/vite";

const options: InitOptions = { wasm };
await init(options);
const ranges: GuestRange[] = [[0x0, 0x1000], [0x1000n, 0x1000n]];
const memory: GuestMemory = await GuestMemory.fromRanges(ranges, { reserve: 0x1000 });
const written: number = memory.write(0xffc, Uint8Array.of(1, 2, 3, 4, 5));
const word: number = memory.readUint32(0xffc);
const wide: bigint = memory.readBigUint64(0xffcn);
const view: Uint8Array<ArrayBuffer> = memory.view(0, 16);
const region: GuestRegion | undefined = memory.findRegion(written);
const last: number | undefined = memory.lastAddress;
const tables: GuestMemoryTables = memory.tables;
const handlers: OnUnmapped = { read: (address: number, size: number) => address + size };
memory.onUnmapped = handlers;
const client: DirtyClient = memory.dirty.client("display");
const dirty: [address: number, length: number][] = client.collect();
const high = GuestMemory.fromRangesSync([[2n ** 60n, 4096]], { addresses: "bigint" });
const highest: bigint | undefined = high.lastAddress;
try {
  memory.add32(0x10, 1);
} catch (error) {
  const code: GuestMemoryErrorCode | undefined = error instanceof GuestMemoryError ? error.code : undefined;
  void code;
}
memory.events.addEventListener("regionadd", ({ start, size, region }) => {
  const numbers: [number, number, number | undefined] = [start, size, region?.size];
  void numbers;
});
high.events.addEventListener("regionremove", ({ start }) => void (start satisfies bigint), { once: true });
const linear: WasmMemory = memory.wasmMemory;
const buffer: ArrayBuffer = linear.buffer;
const name: string = plugin().name;
void [buffer, name, word, wide, view, region, last, tables, dirty, highest];

// @ts-expect-error an address is no string
memory.readUint32("0x10");
// @ts-expect-error 64 bits are a bigint
memory.writeBigUint64(0x10, 1);
// @ts-expect-error addresses of this memory are bigints
high.lastAddress satisfies number | undefined;
// @ts-expect-error there is no such event
memory.events.addEventListener("mapchange", () => {});
// @ts-expect-error there is no such code
const none: GuestMemoryErrorCode = "NO_SUCH_CODE";
// @ts-expect-error what is not exported cannot be reached
import("guest-memory/dist/space.js");
`;

/** What only Node.js declares, and no browser. */
export const nodeAlone = { types: ["node"], typeRoots: [join(root, "node_modules", "@types")], lib: ["es2023"] };

/** Compiles the program, strictly, with the libraries checked; what the compiler says. */
export function compile(consumer: Consumer, compiler: string, compilerOptions: Record<string, unknown>): string {
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
  };
  const options = { ...strict, noEmit: true, types: [], ...compilerOptions };
  consumer.write("program.mts", program);
  consumer.write("tsconfig.json", JSON.stringify({ compilerOptions: options, files: ["program.mts"] }));
  const { stdout, stderr, error } = spawnSync(process.execPath, [compiler], { cwd: consumer.folder, encoding: "utf8" });
  return `${error ?? ""}${stdout}${stderr}`;
}
