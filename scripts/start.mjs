// `npm start`: an ARM program running on GuestMemory, in the terminal; `npm start -- --web`: the same in a page.
// Needs Node and nothing else: pkg/ is committed, and this script uses Node's own modules until the packages are there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packagesAreInstalled } from "./packages.mjs";
import { npm } from "./process.mjs";
import { nodeIsNewEnough, oldestNode, root } from "./toolchain.mjs";

const example = join(root, "examples", "rp2040");

/** Everything but the example itself. */
function prepare() {
  if (!nodeIsNewEnough()) {
    throw new Error(`Node.js ${oldestNode.join(".")} or newer is needed, and this is ${process.versions.node}.`);
  }
  for (const file of ["pkg/guest_memory_bg.wasm", "examples/rp2040/main.ts", "examples/rp2040/index.html"]) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: this checkout is not complete.`);
  }
  if (packagesAreInstalled(root)) return;
  console.log("Installing the npm packages that package-lock.json names (once) ...");
  npm(["install", "--no-save", "--no-audit", "--no-fund"], { cwd: root, quiet: true });
}

async function serve() {
  const { createServer } = await import("vite");
  const server = await createServer({ root: example, configFile: join(root, "vite.config.ts") });
  await server.listen();
  server.printUrls();
  console.log("  Open it in a browser; Ctrl+C ends the server.");
}

try {
  prepare();
  const args = process.argv.slice(2);
  if (args.includes("--web")) await serve();
  else await (await import("./run.mjs")).runProgram("examples/rp2040/main.ts", args);
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
