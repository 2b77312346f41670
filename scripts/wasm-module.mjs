// Builds a Wasm module that links the crate (`export_bindings!`) as a user would: with cargo, then wasm-bindgen.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.mjs";
import { cargoTools, findTool } from "./toolchain.mjs";

const wasm32 = "wasm32-unknown-unknown";

/**
 * @param {object} module
 * @param {string} module.folder the folder of its Cargo.toml
 * @param {string} module.name the package's, with `_` for `-`
 * @param {string} module.target cargo's target folder, apart from the library's, because flags and workspace differ
 * @param {string} module.out where the glue and the binary go
 * @param {string[]} [module.more] further arguments for cargo
 */
export function buildModule({ folder, name, target, out, more = [] }) {
  const bindgen = cargoTools().find(({ command }) => command === "wasm-bindgen");
  const found = bindgen && findTool(bindgen);
  if (bindgen === undefined || found === undefined) throw new Error("wasm-bindgen is missing: run `npm run setup`.");
  run("cargo", ["build", "--release", "--locked", "--quiet", "--lib", ...more, "--target", wasm32], {
    cwd: folder,
    env: { ...process.env, CARGO_TARGET_DIR: target },
    quiet: true,
  });
  const compiled = join(target, wasm32, "release");
  const command = found === "" ? bindgen.command : join(found, bindgen.command);
  // In a new folder first, because tests that run at the same time build and read the same module.
  const fresh = mkdtempSync(join(target, "glue-"));
  run(command, ["--target", "web", "--out-dir", fresh, join(compiled, `${name}.wasm`)], { quiet: true });
  mkdirSync(out, { recursive: true });
  for (const file of readdirSync(fresh)) renameSync(join(fresh, file), join(out, file));
  rmSync(fresh, { recursive: true });
}
