/// <reference types="vite/client" />
// The files that a machine boots from, in the page. The server knows their paths.

import v86 from "v86/build/v86.wasm?url";
import bios from "../../../.cache/v86/bios.bin?url";
import initrd from "../../../.cache/v86/initrd.cpio?url";
import vgaBios from "../../../.cache/v86/vgabios.bin?url";
import kernel from "../../../.cache/v86/vmlinuz.bin?url";
import type { Files } from "../machine.ts";

const urls: Record<keyof Files, string> = {
  "v86.wasm": v86,
  "bios.bin": bios,
  "vgabios.bin": vgaBios,
  "vmlinuz.bin": kernel,
  "initrd.cpio": initrd,
};

/** @param progress called with the loaded share of all files, from 0 to 1 */
export async function fetchFiles(progress: (share: number) => void): Promise<Files> {
  const responses = await Promise.all(Object.values(urls).map((url) => fetch(url)));
  const failed = responses.find(({ ok }) => !ok);
  if (failed !== undefined) throw new Error(`${failed.url}: ${failed.status}`);
  const sizes = responses.map(({ headers }) => Number(headers.get("content-length")));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let loaded = 0;
  const read = async ({ body }: Response) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    // Not `for await`: not every browser's streams can be iterated.
    for (const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader(); ; ) {
      const { value } = await reader.read();
      if (value === undefined) break;
      chunks.push(value);
      loaded += value.length;
      progress(Math.min(1, loaded / total));
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  };
  const contents = await Promise.all(responses.map(read));
  return Object.fromEntries(Object.keys(urls).map((name, index) => [name, contents[index]])) as Files;
}
