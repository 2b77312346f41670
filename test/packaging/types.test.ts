// The packed declarations, compiled as TypeScript users do: strict, with libraries checked, without Node's types.
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { binary } from "../../scripts/toolchain.mjs";
import { type Consumer, consume } from "./packed.ts";

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
} from "guest-memory";

const options: InitOptions = { wasm: new Uint8Array(8) };
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
void [word, wide, view, region, last, tables, dirty, highest];

// @ts-expect-error an address is no string
memory.readUint32("0x10");
// @ts-expect-error 64 bits are a bigint
memory.writeBigUint64(0x10, 1);
// @ts-expect-error addresses of this memory are bigints
high.lastAddress satisfies number | undefined;
// @ts-expect-error there is no such code
const none: GuestMemoryErrorCode = "NO_SUCH_CODE";
// @ts-expect-error what is not exported cannot be reached
import("guest-memory/dist/space.js");
`;

let consumer: Consumer;
beforeAll(() => {
  consumer = consume();
  consumer.write("program.mts", program);
});
afterAll(() => consumer?.remove());

/** Compiles the program; what the compiler says. */
function compile(compilerOptions: Record<string, unknown>): string {
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
  };
  const options = { ...strict, noEmit: true, types: [], ...compilerOptions };
  consumer.write("tsconfig.json", JSON.stringify({ compilerOptions: options, files: ["program.mts"] }));
  const tsc = spawnSync(process.execPath, [binary("typescript/bin/tsc")], { cwd: consumer.folder, encoding: "utf8" });
  return tsc.stdout + tsc.stderr;
}

test.each([
  ["node16, ES2022", { module: "node16", moduleResolution: "node16", target: "es2022" }],
  ["nodenext", { module: "nodenext", moduleResolution: "nodenext", target: "esnext" }],
  ["bundler, ES2022", { module: "esnext", moduleResolution: "bundler", target: "es2022" }],
  ["bundler, in a worker", { module: "preserve", moduleResolution: "bundler", lib: ["es2022", "webworker"] }],
])("compile for %s", (_, options) => {
  expect(compile(options)).toBe("");
});
