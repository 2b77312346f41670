// Generates ts/core/abi.ts from crate/src/abi.rs: the numbers of the interface with their comments, and tables of names.
// Usage: node scripts/abi.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./toolchain.mjs";

const source = join(root, "crate", "src", "abi.rs");
const faults = join(root, "crate", "src", "machine", "fault.rs");
const target = join(root, "ts", "core", "abi.ts");

/** A constant; a heading, which begins with `// ` in Rust, is a string instead. @typedef {{ name: string, value: string, doc: string }} Constant */

/** @param {string} rust @returns {(Constant | string)[]} */
function read(rust) {
  /** @type {(Constant | string)[]} */
  const items = [];
  let doc = "";
  for (const [index, line] of rust.split("\n").entries()) {
    const constant = /^pub const ([A-Z][A-Z0-9_]*): u(?:8|32) = (0x[\da-f]+|[\d_]+);$/.exec(line);
    if (line.startsWith("/// ")) doc = line.slice(4);
    else if (constant !== null && doc !== "") {
      items.push({ name: constant[1] ?? "", value: constant[2] ?? "", doc });
      doc = "";
    } else if (line.startsWith("// ")) items.push(line);
    else if (line !== "" && !line.startsWith("//!")) throw new Error(`${source}:${index + 1} is no constant: ${line}`);
  }
  return items;
}

/** The constants whose names begin with a prefix: the rest of the name, and the number. @param {Constant[]} constants @param {string} prefix */
const named = (constants, prefix) =>
  constants
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, value }) => ({ name: name.slice(prefix.length), number: Number(value.replaceAll("_", "")) }));

/** `ROM_DEVICE` as `romDevice`. @param {string} name */
const camelCase = (name) => name.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/**
 * The text of each fault of the core, from the attribute of its variant. `{address}` and `{length}` stand for the values
 * that the core reports. @param {string} rust @returns {Map<string, string>} by the name of the status
 */
function textsOf(rust) {
  const pairs = [...rust.matchAll(/#\[error\("(.+)"\)\]\s+(\w+)/g)].map(([, text = "", variant = ""]) => {
    const name = variant.replace(/(?<!^)([A-Z])/g, "_$1").toUpperCase();
    const places = text
      .replace(/\{(?:address|offset):#x\}/g, "{address}")
      .replace(/\{(?:completed|bytes)\}/g, "{length}");
    if (/\{(?!address\}|length\})/.test(places)) throw new Error(`${faults}: the facade cannot fill in "${text}".`);
    return /** @type {const} */ ([name, places]);
  });
  return new Map(pairs);
}

/** The text of ts/core/abi.ts. */
export function abiOf(rust = readFileSync(source, "utf8")) {
  const texts = textsOf(readFileSync(faults, "utf8")).set("DISPOSED", "the memory was disposed");
  const items = read(rust);
  const constants = items.filter((item) => typeof item !== "string");
  const lines = items.map((item) =>
    typeof item === "string" ? `\n${item}\n` : `/** ${item.doc} */\nexport const ${item.name} = ${item.value};`,
  );
  const codes = named(constants, "STATUS_").filter(({ name }) => name !== "OK");
  const kinds = named(constants, "KIND_");
  if (kinds.some(({ number }, index) => number !== index)) throw new Error("The kinds are not numbered from 0 on.");
  return `// The numbers of the interface between the core and the facade.
// Generated from crate/src/abi.rs and crate/src/machine/fault.rs by \`node scripts/abi.mjs\`: change those files, and not this one.
${lines.join("\n")}

// Tables of names.

/** The error codes, by status. */
export const STATUS_CODES = {
${codes.map(({ name, number }) => `  ${number}: "${name}",`).join("\n")}
} as const;

/** The text of each error, by status. \`{address}\` and \`{length}\` stand for the values that the core reports. */
export const STATUS_TEXTS = {
${codes.map(({ name, number }) => `  ${number}: "${texts.get(name)}",`).join("\n")}
} as const;

/** The kinds of regions, by number. */
export const REGION_KINDS = [${kinds.map(({ name }) => `"${camelCase(name)}"`).join(", ")}] as const;
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(target, abiOf());
  console.log(`Made ${target}`);
}
