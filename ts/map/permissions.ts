// Permissions: the accesses that guest pages allow, as text.

/**
 * The accesses that pages allow: `r` reads, `w` writes, `x` instruction fetches; `-` in the place of a letter forbids.
 *
 * @example
 * ```ts
 * import { GuestMemory, type Permissions } from "guest-memory";
 *
 * using memory = await GuestMemory.fromRanges([[0x0, 0x2000]]);
 * const code: Permissions = "r-x";
 * memory.protect(0x1000, 0x1000, code);
 * console.assert(memory.fetchUint8(0x1000) === 0);
 * ```
 */
export type Permissions = `${"r" | "-"}${"w" | "-"}${"x" | "-"}`;
