// The entry guest-memory/inline: the Wasm binary as bytes, for places where no file can lie beside the code.

import base64 from "../pkg/guest_memory_bg.wasm?base64";

/**
 * The Wasm binary, 110 KiB, for {@link init}: where a program is one file (a browser extension, a single executable, a
 * CommonJS bundle), or where a bundler does not carry the .wasm along.
 *
 * @example
 * ```ts
 * import { GuestMemory, init } from "guest-memory";
 * import wasm from "guest-memory/inline";
 *
 * await init({ wasm });
 * GuestMemory.fromRangesSync([[0x0, 0x1000]]).dispose();
 * ```
 */
const wasm: Uint8Array<ArrayBuffer> = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export default wasm;
