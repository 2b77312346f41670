// Builds the user's module: cargo, then wasm-bindgen, as a user would without wasm-pack.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../../scripts/process.mjs";
import { cargoTools, findTool, root } from "../../scripts/toolchain.mjs";
import type { Glue } from "../../ts/index.ts";

/** What the module exports beside the facade's functions (src/). A 64-bit value is a bigint in wasm-bindgen's glue. */
export interface Devices extends Glue {
  checksum(handle: number, address: bigint, length: number): number;
  fill(handle: number, address: bigint, byte: number, length: number): void;
  insert(handle: number, start: bigint, size: bigint): void;
  remove(handle: number, start: bigint, size: bigint): void;
  poke(handle: number, address: bigint, value: number): void;
  grow_heap(): number;
  heap_is_intact(): boolean;
  Ring: new (handle: number, base: bigint) => { take(): number | undefined; free(): void };
}

const target = join(root, "target", "module"); // other flags and another workspace: not mixed with the library's own
const folder = join(target, "web");
const wasm32 = "wasm32-unknown-unknown";
const compiled = join(target, wasm32, "release");

/** The binary, once it is built. */
export const wasm: URL = pathToFileURL(join(folder, "devices_bg.wasm"));

/** The binary of one of examples/, as the compiler leaves it: wasm-bindgen has not taken the suffixes off its exports. */
export const exampleWasm = (name: "exports" | "silent"): string => join(compiled, "examples", `${name}.wasm`);

/** Compiles the module and writes its glue. */
export function build(): void {
  const bindgen = cargoTools().find(({ command }) => command === "wasm-bindgen");
  const found = bindgen && findTool(bindgen);
  if (bindgen === undefined || found === undefined) throw new Error("wasm-bindgen is missing: run `npm run setup`.");
  const env = { ...process.env, CARGO_TARGET_DIR: target };
  run("cargo", ["build", "--release", "--locked", "--quiet", "--lib", "--examples", "--target", wasm32], {
    cwd: join(root, "test", "module"),
    env,
    quiet: true,
  });
  const command = found === "" ? bindgen.command : join(found, bindgen.command);
  run(command, ["--target", "web", "--out-dir", folder, join(compiled, "devices.wasm")], { quiet: true });
}

/** The glue, as the page of a user imports it. Each name gives an instance of its own. */
export async function importGlue(instance: string): Promise<Devices> {
  const glue: unknown = await import(/* @vite-ignore */ `${pathToFileURL(join(folder, "devices.js"))}?${instance}`);
  return glue as Devices;
}
