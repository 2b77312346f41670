// The documentation's examples as programs: found in fences, compiled with types, each run in its own scope.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/toolchain.mjs";
import * as guestMemory from "../../ts/index.ts";
import * as inline from "../../ts/inline.ts";
import * as rewind from "../../ts/rewind.ts";
import * as snapshot from "../../ts/snapshot.ts";
import * as vite from "../../ts/vite.ts";
import { compilerHost, compilerOptions } from "./public-names.ts";

/** A program, and where it stands. */
export interface Example {
  readonly title: string;
  readonly code: string;
  /** What it prints, where the text shows that: an indented block right behind the fence. */
  readonly output: string | undefined;
}

/** What an example that imports nothing begins with. */
const PRELUDE = `import { GuestMemory, GuestMemoryError, init } from "guest-memory";
using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
`;

/** The blocks that are fenced as `ts` in Markdown. */
export function examplesIn(title: string, markdown: string): Example[] {
  const blocks = [...`${markdown}\n`.matchAll(/^ *```ts\n(.*?)^ *```$(?:\n\n((?: {4}[^\n]*\n)+))?/gms)];
  return blocks.map(([, code = "", output], index) => ({
    title: blocks.length === 1 ? title : `${title}, example ${index + 1}`,
    code: /^\s*import /m.test(code) ? code : PRELUDE + code,
    output: output?.replace(/^ {4}/gm, "").trimEnd(),
  }));
}

/** Compiles all examples as one program; gives the errors of each. */
export function typeErrors(examples: readonly Example[]): string[] {
  const files = new Map(examples.map(({ code }, index) => [join(root, "test", "docs", `example-${index}.ts`), code]));
  const declarations = join(root, "ts", "base64.d.ts");
  const host = compilerHost();
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists.call(host, name);
  host.readFile = (name) => files.get(name) ?? readFile.call(host, name);
  host.getSourceFile = (name, target, ...rest) => {
    const code = files.get(name);
    return code === undefined
      ? getSourceFile.call(host, name, target, ...rest)
      : ts.createSourceFile(name, code, target, true);
  };
  const program = ts.createProgram([...files.keys(), declarations], compilerOptions, host);
  return [...files.keys()].map((name) => {
    const errors = ts.getPreEmitDiagnostics(program, program.getSourceFile(name));
    return errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")).join("\n");
  });
}

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...values: unknown[]) => Promise<void>;
const requireBuiltin = createRequire(import.meta.url);

/** Marked as ES modules for code that was translated to CommonJS. */
const asModule = (module: object) => ({ __esModule: true, ...module });
const ENTRIES: Record<string, object> = {
  "guest-memory": asModule(guestMemory),
  "guest-memory/inline": asModule(inline),
  "guest-memory/rewind": asModule(rewind),
  "guest-memory/snapshot": asModule(snapshot),
  "guest-memory/vite": asModule(vite),
};

/** Runs an example. `console.assert` throws; what it logs is given back. */
export async function run({ code }: Example): Promise<string> {
  // CommonJS, because its imports are calls: a function's body may hold them. Node 20 has no `using`: ES2022.
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  const lines: string[] = [];
  const ownConsole = { assert: assert.ok, log: (...values: unknown[]) => void lines.push(values.join(" ")) };
  const require = (name: string) => ENTRIES[name] ?? requireBuiltin(name);
  await new AsyncFunction("require", "exports", "console", outputText)(require, {}, ownConsole);
  return lines.join("\n");
}
