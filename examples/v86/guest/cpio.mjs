// Writes a cpio archive in the format `newc`, which Linux takes as an initial RAM disk. It needs no tool of the system.
import { Buffer } from "node:buffer";

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;
const END = "TRAILER!!!";

/**
 * @param {Record<string, Uint8Array | undefined>} entries by path; undefined for a folder, which comes before its entries
 */
export function cpio(entries) {
  const headers = Object.entries(entries).map(([path, content], index) =>
    content === undefined ? entry(path, DIRECTORY, index + 1) : entry(path, PROGRAM, index + 1, content),
  );
  return Buffer.concat([...headers, entry(END, 0, 0)]);
}

/** @param {string} path @param {number} mode @param {number} inode @param {Uint8Array} [content] */
function entry(path, mode, inode, content = new Uint8Array()) {
  const name = Buffer.from(`${path}\0`);
  const links = mode === DIRECTORY ? 2 : 1;
  // inode, mode, user, group, links, time, size, device (2), device of a node (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

/** @param {Uint8Array} bytes @returns {Uint8Array} with zeros up to a multiple of 4 bytes */
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
