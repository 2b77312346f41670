// The entry guest-memory/snapshot: files of states, apart from the main entry for its size.

import { checkObject } from "./core/options.ts";
import { describe } from "./core/u64.ts";
import { GuestMemory, spaceOf } from "./guest-memory.ts";
import { coreFileOf } from "./state/core-file.ts";

/**
 * Options of {@link coreFile}.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 * import { type CoreFileOptions, coreFile } from "guest-memory/snapshot";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x1000]]);
 * const options: CoreFileOptions = { machine: 40 };
 * console.assert(coreFile(memory, options) instanceof ReadableStream);
 * ```
 */
export interface CoreFileOptions {
  /**
   * The number of the guest's processor, for a debugger: e_machine of the ELF header (System V ABI), as 3 for x86, 40 for ARM,
   * 62 for x86-64, 183 for AArch64, 243 for RISC-V. Default 0: none.
   */
  machine?: number;
}

/**
 * The guest's memory as an ELF core file of 64 bits, as a stream: `gdb -core`, `readelf -l` and `objdump -s` open it. It has a
 * segment of type PT_LOAD for each range of RAM, ROM and external memory that addresses show, at its guest-physical address. Devices and
 * holes are left out, and no handler is called. Bytes are as of the time when the stream reads them.
 *
 * @throws TypeError for another type, RangeError for a machine that is no 16-bit number; GuestMemoryError `DISPOSED`. The stream
 * fails with `PARTIAL_BUFFER` if memory that it has still to read leaves the map.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 * import { coreFile } from "guest-memory/snapshot";
 *
 * using memory = await GuestMemory.fromRanges([[0x8000, 0x1000]]);
 * const file = new Uint8Array(await new Response(coreFile(memory, { machine: 62 })).arrayBuffer());
 * console.assert(String.fromCharCode(...file.subarray(1, 4)) === "ELF" && file.length === 0x2000);
 * ```
 */
export function coreFile(
  memory: GuestMemory<bigint> | GuestMemory,
  options: CoreFileOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (!(memory instanceof GuestMemory)) throw new TypeError(`memory must be a GuestMemory, not ${describe(memory)}`);
  checkObject(options, "options");
  const { machine = 0 } = options;
  if (typeof machine !== "number") throw new TypeError(`machine must be a number, not ${describe(machine)}`);
  if ((machine & 0xffff) !== machine)
    throw new RangeError(`machine must be an integer from 0 to 65535, not ${machine}`);
  const space = spaceOf(memory);
  space.enter();
  const chunks = coreFileOf(space, machine);
  const pull = (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    const { done, value } = chunks.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}
