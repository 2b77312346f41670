// Reads a module's declaration of its memory: just enough of the WebAssembly binary format for that.

/** An unsigned LEB128 number at an offset, and the offset behind it. */
function leb128(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 127) * shift;
    if (byte < 128) return [value, at];
  }
}

/** The limits of the memory that a module defines, in pages of 64 KiB; `maximum` is undefined where none is declared. */
export function memoryLimits(wasm: Uint8Array): { minimum: number; maximum: number | undefined } {
  const memorySection = 5;
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [size, body] = leb128(wasm, at + 1);
    if (id === memorySection) {
      const [, flags] = leb128(wasm, body); // the number of memories
      const [minimum, next] = leb128(wasm, flags + 1);
      const hasMaximum = ((wasm[flags] ?? 0) & 1) === 1;
      return { minimum, maximum: hasMaximum ? leb128(wasm, next)[0] : undefined };
    }
    at = body + size;
  }
  throw new Error("the module defines no memory");
}
