// Compares the speed of an earlier commit's build with that of this one, in pairs of fresh processes that take turns, on
// every engine that is here.
//
//   node test/guard/speed.mjs <old commit> [--new=<commit>] [--pairs=7] [--only=rp2040js]
//
// A figure is a ratio of processor times, new to old: above 1 is slower. `--only` takes a part of a program's name.
import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { findEngine } from "../../scripts/engines.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { buildDist, buildOf } from "./builds.mjs";

/** @typedef {{ name: string, script: string, args: string[], limit: number }} Program what is run, and how far two may differ */

const MILLIONS = "40";

/** @type {Program[]} */
const programs = [
  ...["tour", "sort", "interpreter"].map((name) => {
    return { name: `rp2040js ${name}`, script: "emulator", args: [name, MILLIONS], limit: 0.02 };
  }),
  { name: "scalars", script: "scalars", args: [], limit: 0.05 },
  { name: "copies", script: "copies", args: [], limit: 0.1 },
];

const [commit, ...options] = process.argv.slice(2);
if (commit === undefined) throw new Error("usage: node test/guard/speed.mjs <old commit> [--new=<commit>] [--pairs=7]");
/** @param {string} name */
const option = (name) => options.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const pairs = Number(option("pairs") ?? 7);
const wanted = programs.filter(({ name }) => name.includes(option("only") ?? ""));

const other = option("new");
if (other === undefined) buildDist(root);
const folders = { old: buildOf(commit), new: other === undefined ? root : buildOf(other) };

/**
 * A program with a build in it, for any engine; packages are inside, because not every engine finds them.
 * @param {string} script
 * @param {"old" | "new"} which
 */
async function bundle(script, which) {
  const { build } = await import("vite");
  const outDir = join(root, ".cache", "guard", "speed", which, script);
  const sourceUrls = {
    name: "source-urls",
    enforce: /** @type {const} */ ("pre"),
    /** @param {string} code @param {string} id */
    transform: (code, id) => {
      if (!code.includes("import.meta.url") || id.includes("node_modules")) return null;
      return { code: code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href)), map: null };
    },
  };
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [sourceUrls],
    resolve: { alias: { "guest-memory": join(folders[which], "dist", "index.js") } },
    ssr: { noExternal: true },
    build: { ssr: join(root, "test", "guard", "speed", `${script}.ts`), outDir, target: "es2022", minify: false },
  });
  return join(outDir, `${script}.js`);
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const [below = 0, above = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (below + above) / 2;
}

/** @type {Record<string, { old: string, new: string }>} */
const bundles = {};
for (const { script } of wanted) {
  bundles[script] ??= { old: await bundle(script, "old"), new: await bundle(script, "new") };
}
const engines = [{ name: "this node", path: process.execPath, version: process.versions.node }];
for (const name of /** @type {const} */ (["node", "deno", "bun"])) {
  const found = findEngine(name);
  if (found) engines.push(found);
  else console.log(`NOT MEASURED on ${name}: it is not installed`);
}

const oldFirst = /** @type {const} */ (["old", "new"]);
const newFirst = /** @type {const} */ (["new", "old"]);
let outside = 0;
for (const { name, path, version } of engines) {
  const before = basename(path) === "deno" ? ["run", "--allow-all"] : [];
  for (const { script, args, limit } of wanted) {
    /** @type {Record<string, number[]>} */
    const ratios = {};
    for (let pair = 0; pair < pairs; pair++) {
      /** @type {Record<string, Record<string, number>>} */
      const figures = {};
      for (const which of pair % 2 === 0 ? oldFirst : newFirst) {
        const output = execFileSync(path, [...before, bundles[script]?.[which] ?? "", ...args], { encoding: "utf8" });
        figures[which] = JSON.parse(output.trim().split("\n").at(-1) ?? "");
      }
      for (const [figure, value] of Object.entries(figures.new ?? {})) {
        ratios[figure] ??= [];
        ratios[figure].push(value / (figures.old?.[figure] ?? Number.NaN));
      }
    }
    for (const [figure, values] of Object.entries(ratios)) {
      const ratio = median(values);
      const agrees = Math.abs(ratio - 1) <= limit;
      if (!agrees) outside++;
      const all = values.map((value) => value.toFixed(3)).join(" ");
      const verdict = agrees ? "" : ` OUTSIDE ${limit * 100} %`;
      console.log(`${name} ${version}, ${figure}: ${ratio.toFixed(3)}${verdict} (${all})`);
    }
  }
}
console.log(outside === 0 ? "Every figure agrees." : `${outside} figures do not agree.`);
if (outside > 0) process.exitCode = 1;
