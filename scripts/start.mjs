// `npm start`: an ARM program running on GuestMemory, in the terminal; `npm start -- --web`: the examples' pages; a name
// after either: another of examples/, which may need the tools that `npm run setup` installs. The first
// needs only Node: pkg/ is committed, and this script uses Node's own modules until the packages are installed.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packagesAreInstalled } from "./packages.mjs";
import { npm } from "./process.mjs";
import { build, serve } from "./serve.mjs";
import { nodeIsNewEnough, oldestNode, root } from "./toolchain.mjs";

const args = process.argv.slice(2);
const flag = "--example=";
const web = args.includes("--web");
const named = args.find((word) => word.startsWith(flag))?.slice(flag.length) ?? args.find((word) => /^[^-]/.test(word));
const name = named ?? "rp2040";

/** The examples: the folders with a program and a page. */
function examples() {
  const folders = readdirSync(join(root, "examples"));
  return folders.filter((each) => existsSync(join(root, "examples", each, "main.ts")));
}

function help() {
  console.log(`npm start                       rp2040js, an ARM microcontroller, on guest memory, in the terminal
npm start -- --example=name     another example: ${examples().join(", ")}
npm start -- --web              a page that links the pages of all examples
npm start -- --web name         the page of one of them
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

try {
  if (args.includes("--help")) help();
  else {
    prepare();
    if (named !== undefined || !web) await build(name);
    if (web) await serve(named);
    else await (await import("./run.mjs")).runProgram(`examples/${name}/main.ts`, args);
  }
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
