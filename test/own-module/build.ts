// The user's module: its exports, its build, and the paths of the built files.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/toolchain.mjs";
import { buildModule } from "../../scripts/wasm-module.mjs";
import type { Glue } from "../../ts/index.ts";

/** What the module exports beside the facade's functions (src/). A 64-bit value is a bigint in wasm-bindgen's glue. */
export interface Devices extends Glue {
  checksum(handle: number, address: bigint, length: number): number;
  fill(handle: number, address: bigint, byte: number, length: number): void;
  discard(handle: number, address: bigint, length: number): void;
  mark(handle: number, address: bigint, length: number): void;
  insert(handle: number, start: bigint, size: bigint): void;
  remove(handle: number, start: bigint, size: bigint): void;
  poke(handle: number, address: bigint, value: number): void;
  tree(handle: number, name: string, flat: boolean): string;
  grow_heap(): number;
  heap_is_intact(): boolean;
  Ring: new (handle: number, base: bigint) => { take(): number | undefined; free(): void };
}

const target = join(root, "target", "module");
const folder = join(target, "web");

/** The binary, once it is built. */
export const wasm: URL = pathToFileURL(join(folder, "devices_bg.wasm"));

/** The binary of one of examples/, as the compiler leaves it: wasm-bindgen has not taken the suffixes off its exports. */
export const exampleWasm = (name: "exports" | "silent"): string =>
  join(target, "wasm32-unknown-unknown", "release", "examples", `${name}.wasm`);

/** Compiles the module and writes its glue. */
export function build(): void {
  buildModule({ folder: join(root, "test", "own-module"), name: "devices", target, out: folder, more: ["--examples"] });
}

/** The glue, as the page of a user imports it. Each name gives an instance of its own. */
export async function importGlue(instance: string): Promise<Devices> {
  const glue: unknown = await import(/* @vite-ignore */ `${pathToFileURL(join(folder, "devices.js"))}?${instance}`);
  return glue as Devices;
}
