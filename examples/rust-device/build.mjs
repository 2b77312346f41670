// Builds the module of the two devices into device/pkg/, by `npm run setup`'s cargo and wasm-bindgen.
//
//     node build.mjs
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../scripts/toolchain.mjs";
import { buildModule } from "../../scripts/wasm-module.mjs";

const folder = fileURLToPath(new URL("device/", import.meta.url));

export function build() {
  buildModule({ folder, name: "rust_device", target: join(root, "target", "rust-device"), out: join(folder, "pkg") });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
