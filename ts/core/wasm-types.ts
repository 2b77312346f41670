// Types of the global WebAssembly, for projects whose libraries do not declare it: @types/node alone does not.

/** The objects of a class in the global WebAssembly; `Else` where nothing declares it. */
type Declared<Name extends string, Else> = typeof globalThis extends { WebAssembly: Record<Name, infer Class> }
  ? Class extends abstract new (
      ...args: never
    ) => infer Made
    ? Made
    : Else
  : Else;

/**
 * A `WebAssembly.Memory`. Where TypeScript's libraries do not declare that (a project for Node.js alone), its buffer and
 * its growth.
 *
 * @example
 * ```ts
 * import { GuestMemory, type WasmMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const linear: WasmMemory = memory.wasmMemory;
 * console.assert(linear.buffer.byteLength % 0x1_0000 === 0); // whole Wasm pages
 * ```
 */
export type WasmMemory = Declared<"Memory", { readonly buffer: ArrayBuffer; grow(pages: number): number }>;

/**
 * A `WebAssembly.Module`.
 *
 * @example
 * ```ts
 * import { init, type WasmModule } from "guest-memory";
 * import bytes from "guest-memory/inline";
 *
 * const module: WasmModule = await WebAssembly.compile(bytes);
 * await init({ wasm: module });
 * ```
 */
export type WasmModule = Declared<"Module", object>;
