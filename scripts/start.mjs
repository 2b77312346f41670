// `npm start`: an ARM program running on GuestMemory, in the terminal; `npm start -- --web`: the same in a page; `npm
// start -- --example=name`: another of examples/, which may need the tools that `npm run setup` installs. The first
// needs only Node: pkg/ is committed, and this script uses Node's own modules until the packages are installed.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packagesAreInstalled } from "./packages.mjs";
import { npm } from "./process.mjs";
import { nodeIsNewEnough, oldestNode, root } from "./toolchain.mjs";

const args = process.argv.slice(2);
const flag = "--example=";
const name = args.find((word) => word.startsWith(flag))?.slice(flag.length) ?? "rp2040";
const example = join(root, "examples", name);

/** The examples: the folders with a program and a page. */
function examples() {
  const folders = readdirSync(join(root, "examples"));
  return folders.filter((each) => existsSync(join(root, "examples", each, "main.ts")));
}

function help() {
  console.log(`npm start                       rp2040js, an ARM microcontroller, on guest memory, in the terminal
npm start -- --web              the same in a page
npm start -- --example=name     another example: ${examples().join(", ")}
npm start -- --help             this text`);
}

/** Installs everything but the example itself. */
function prepare() {
  if (!examples().includes(name))
    throw new Error(`there is no example "${name}", but ${examples().join(", ")} (npm start -- --help)`);
  if (!nodeIsNewEnough()) {
    throw new Error(`Node.js ${oldestNode.join(".")} or newer is needed, and this is ${process.versions.node}.`);
  }
  for (const file of ["pkg/guest_memory_bg.wasm", `examples/${name}/main.ts`, `examples/${name}/index.html`]) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: this is not all of a checkout.`);
  }
  if (packagesAreInstalled(root)) return;
  console.log("Installing the npm packages that package-lock.json names (once) ...");
  npm(["install", "--no-save", "--no-audit", "--no-fund"], { cwd: root, quiet: true });
}

/** Builds an example that is not written in TypeScript alone. */
async function build() {
  const script = join(example, "build.mjs");
  if (existsSync(script)) (await import(pathToFileURL(script).href)).build();
}

async function serve() {
  const { createServer } = await import("vite");
  // A cache for each example: another's packages in it would make Vite load the page a second time, while it is in use.
  const cacheDir = join(root, ".cache", "vite", name);
  const server = await createServer({ root: example, configFile: join(root, "vite.config.ts"), cacheDir });
  await server.listen();
  server.printUrls();
  console.log("  Open it in a browser; Ctrl+C ends the server.");
}

try {
  if (args.includes("--help")) help();
  else {
    prepare();
    await build();
    if (args.includes("--web")) await serve();
    else await (await import("./run.mjs")).runProgram(`examples/${name}/main.ts`, args);
  }
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
