// hexdump: a range of guest memory as text, for a person.

import type { U64Like } from "../core/u64.ts";
import type { HostAccess } from "./host-access.ts";

/** The bytes in a line. */
const LINE = 16;

/**
 * A range as text, in the form of `hexdump -C`: in each line an address, 16 bytes, and their ASCII characters. A byte whose
 * value is not known (a hole, a device without `peek`) is `??`. Reads as {@link GuestMemory.peek} does: nothing is called
 * but devices' own `peek`.
 *
 * @param length - bytes.
 * @throws as {@link GuestMemory.peek}.
 *
 * @example
 * ```ts
 * import { GuestMemory, hexdump } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * memory.write(0xff0, new TextEncoder().encode("boot ROM"));
 * console.log(hexdump(memory, 0xff0, 18));
 * ```
 *
 *     00000ff0  62 6f 6f 74 20 52 4f 4d  00 00 00 00 00 00 00 00  |boot ROM........|
 *     00001000  ?? ??                                             |??|
 */
export function hexdump(
  memory: Pick<HostAccess<number>, "peek"> | Pick<HostAccess<bigint>, "peek">,
  address: U64Like,
  length: U64Like,
): string {
  const { bytes, known } = memory.peek(address, length);
  const last = BigInt(address) + BigInt(bytes.length);
  const width = last > 1n << 32n ? 16 : 8;
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE) {
    const line = Array.from(bytes.subarray(at, at + LINE), (byte, index) =>
      known[at + index] === 1 ? byte : undefined,
    );
    const hex = line.map((byte) => byte?.toString(16).padStart(2, "0") ?? "??");
    const columns = `${hex.slice(0, LINE / 2).join(" ")}  ${hex.slice(LINE / 2).join(" ")}`.padEnd(3 * LINE);
    const text = line.map((byte) =>
      byte === undefined ? "?" : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    lines.push(`${(BigInt(address) + BigInt(at)).toString(16).padStart(width, "0")}  ${columns}  |${text.join("")}|`);
  }
  return lines.join("\n");
}
