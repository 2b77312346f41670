// The code cache of docs/code-caches.md: beside an interpreter that keeps nothing, on programs that modify themselves.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "../../scripts/toolchain.mjs";
import { GuestMemory, init, type MappedRegion } from "../../ts/index.ts";

await init();

interface Translation {
  readonly length: number;
  run(isCurrent: () => boolean): number;
}
interface Cache {
  readonly translations: number;
  readonly flushes: number;
  run(address: number): number;
}
type CacheClass = new (memory: GuestMemory, translate: (address: number) => Translation) => Cache;

/** The class as the document has it. */
const CodeCache = (() => {
  const markdown = readFileSync(join(root, "docs/code-caches.md"), "utf8");
  const source = /class CodeCache \{\n.*?\n\}\n/s.exec(markdown)?.[0] ?? "";
  const options = { target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(source, { compilerOptions: options });
  return new Function(`${outputText}; return CodeCache;`)() as CacheClass;
})();

const END = 0x3000;
/** RAM and its mirror, then two banks at one address, of which the first is also shown behind. */
function machine(code: Uint8Array) {
  const memory = GuestMemory.createSync([
    { kind: "ram", name: "low", start: 0, size: 0x1000, contents: code.subarray(0, 0x1000) },
    { kind: "alias", start: 0x1000, of: "low" },
    { kind: "ram", name: "a", start: 0x2000, size: 0x800, contents: code.subarray(0x1000, 0x1800) },
    { kind: "ram", name: "b", start: 0x2000, size: 0x800, priority: 1, contents: code.subarray(0x1800, 0x2000) },
    { kind: "alias", start: 0x2800, of: "a" },
  ]);
  const bank = memory.region("b") as MappedRegion;
  const bus = memory.space([{ kind: "alias", start: 0, of: memory.region("low") as MappedRegion }]);
  return { memory, bank, bus, acc: 0 };
}
type Machine = ReturnType<typeof machine>;

/** Runs one instruction of two bytes, and returns the next address. */
function step(of: Machine, address: number, [op, arg]: readonly [number, number]): number {
  const next = (address + 2) % END;
  if (op % 8 === 5) of.memory.writeUint8((arg * 48 + of.acc) % END, of.acc);
  else if (op % 8 === 6) return (arg * 48) % END;
  else if (op % 64 === 7) of.bank[arg % 2 ? "enable" : "disable"]();
  else of.acc = (of.acc + arg) & 255;
  return next;
}

const fetch = ({ memory }: Machine, address: number) =>
  [memory.fetchUint8(address), memory.fetchUint8((address + 1) % END)] as const;

/** A cache over a machine that counts its instructions, in blocks of up to eight. */
function cached(of: Machine, count: () => void): Cache {
  return new CodeCache(of.memory, (start) => {
    const code: (readonly [number, number])[] = [];
    for (let at = start; code.length < 8 && at + 1 < END && code.at(-1)?.[0] !== 6; at += 2) code.push(fetch(of, at));
    const run = (isCurrent: () => boolean) => {
      let at = start;
      for (const instruction of code) {
        const next = step(of, at, instruction);
        count();
        if (next !== at + 2 || !isCurrent()) return next;
        at = next;
      }
      return at;
    };
    return { length: 2 * code.length, run };
  });
}

const host = fc.record({
  kind: fc.constantFrom("poke", "dma", "sibling", "bank", "none"),
  at: fc.nat(0xfff),
  value: fc.nat(255),
});

/** Writes as the host or a bus master does. */
function disturb({ memory, bank, bus }: Machine, { kind, at, value }: { kind: string; at: number; value: number }) {
  if (kind === "poke") memory.poke(at * 3, Uint8Array.of(value));
  else if (kind === "dma") memory.dma(at * 3, 1, "write").writeUint8(0, value);
  else if (kind === "sibling") bus.writeUint8(at, value);
  else if (kind === "bank") bank[value % 2 ? "enable" : "disable"]();
}

test("random programs run as on an interpreter", () => {
  const met = { translations: 0, flushes: 0, instructions: 0 };
  const program = fc.record({
    code: fc.uint8Array({ minLength: 0x2000, maxLength: 0x2000 }),
    starts: fc.array(fc.record({ at: fc.nat(END / 2 - 1), host }), { minLength: 20, maxLength: 20 }),
  });
  const runs = fc.property(program, ({ code, starts }) => {
    const [one, other] = [machine(code), machine(code)];
    let instructions = 0;
    const cache = cached(one, () => instructions++);
    for (const { at, host } of starts) {
      for (const each of [one, other]) disturb(each, host);
      let [fast, slow] = [at * 2, at * 2];
      for (let block = 0; block < 20; block++) {
        instructions = 0;
        fast = cache.run(fast < END - 1 ? fast : 0);
        slow = slow < END - 1 ? slow : 0;
        met.instructions += instructions;
        for (; instructions > 0; instructions--) slow = step(other, slow, fetch(other, slow));
        if (fast !== slow || one.acc !== other.acc) expect([fast, one.acc]).toEqual([slow, other.acc]);
      }
      expect(Buffer.compare(one.memory.readBytes(0, END), other.memory.readBytes(0, END))).toBe(0);
    }
    met.translations += cache.translations;
    met.flushes += cache.flushes;
    for (const each of [one, other]) for (const memory of [each.bus, each.memory]) memory.dispose();
  });
  fc.assert(runs, { numRuns: 30 });
  expect(met.instructions).toBeGreaterThan(30_000);
  expect(Math.min(met.translations, met.flushes)).toBeGreaterThan(100);
});
