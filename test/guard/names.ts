// Compares two builds by their public names: properties, declarations, Wasm exports, Rust's public paths; and by the
// size of the .wasm. run.mjs starts it with the folders of both.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { load } from "./build.ts";
import { declarations } from "./declarations.ts";
import { names as meant } from "./differences.ts";
import { rustNames } from "./rust-names.ts";
import { shapes } from "./shapes.ts";

const [oldFolder = "", newFolder = ""] = process.argv.slice(2);
/** The share by which the .wasm may differ. */
const LIMIT = 0.02;

const wrong: string[] = [];
const met = new Set<unknown>();

/** What Wasm exports, with types as its glue has them, and what it imports. */
function wasmNames(folder: string): string[] {
  const exported = readFileSync(join(folder, "pkg", "guest_memory_bg.wasm.d.ts"), "utf8").split("\n");
  const module = new WebAssembly.Module(wasmOf(folder));
  const imported = WebAssembly.Module.imports(module).map(
    ({ module, name, kind }) => `import ${module} ${name} ${kind}`,
  );
  return [...exported.filter((line) => line.startsWith("export")), ...imported];
}

function wasmOf(folder: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(join(folder, "pkg", "guest_memory_bg.wasm")));
}

function compareNames(what: string, old: readonly string[], now: readonly string[]): void {
  const renamed = old.map((line) => meant.reduce((text, { rename }) => (rename ? rename(text) : text), line));
  const [before, after] = [new Set(renamed), new Set(now)];
  const gone = renamed.filter((line) => !after.has(line)).map((line) => `- ${what}: ${line}`);
  const come = now.filter((line) => !before.has(line)).map((line) => `+ ${what}: ${line}`);
  for (const line of [...gone, ...come]) {
    const known = meant.find(({ matches }) => matches?.(line));
    if (known) met.add(known);
    else wrong.push(line);
  }
  console.log(`${what}: ${old.length} names, ${gone.length} are gone, ${come.length} are new`);
}

compareNames("property", await shapes(await load(oldFolder)), await shapes(await load(newFolder)));
compareNames("declaration", declarations(oldFolder), declarations(newFolder));
compareNames("wasm", wasmNames(oldFolder), wasmNames(newFolder));
const target = (folder: string) => join(folder, "target");
compareNames("rust", rustNames(oldFolder, target(oldFolder)), rustNames(newFolder, target(newFolder)));

for (const [how, sizeOf] of [
  ["as it is", (wasm: Uint8Array) => wasm.length],
  ["gzipped", (wasm: Uint8Array) => gzipSync(wasm, { level: 9 }).length],
] as const) {
  const [old, now] = [sizeOf(wasmOf(oldFolder)), sizeOf(wasmOf(newFolder))];
  console.log(`the .wasm, ${how}: ${old} bytes, now ${now}`);
  if (Math.abs(now / old - 1) > LIMIT) wrong.push(`the .wasm, ${how}, was ${old} bytes and is ${now}`);
}
for (const difference of meant) {
  const unused = difference.matches && !met.has(difference);
  console.log(`meant: ${difference.reason}`);
  if (unused) wrong.push(`not met: ${difference.reason}`);
}
for (const line of wrong) console.log(`WRONG: ${line}`);
if (wrong.length > 0) process.exitCode = 1;
