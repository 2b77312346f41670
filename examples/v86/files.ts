// The files that a machine boots from, in Node.js.

import { readFile } from "node:fs/promises";
import { FILES, type Files } from "./machine.ts";

const MADE = new URL("../../.cache/v86/", import.meta.url);
const V86 = new URL("../../node_modules/v86/build/v86.wasm", import.meta.url);

export async function readFiles(): Promise<Files> {
  const read = async (name: string) =>
    [name, Uint8Array.from(await readFile(name === "v86.wasm" ? V86 : new URL(name, MADE)))] as const;
  return Object.fromEntries(await Promise.all(FILES.map(read))) as Files;
}
