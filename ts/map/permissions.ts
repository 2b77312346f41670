// Permissions: the accesses that guest pages allow, as text.

import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, PERMISSIONS_ALLOWED, PERMISSIONS_LAST_LOW } from "../core/abi.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "../space/space.ts";

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

const PAGES = 1n << 52n;

/** The core's bits as text. */
export function permissionsOf(allowed: number): Permissions {
  const [r, w, x] = [allowed & ACCESS_READ, allowed & ACCESS_WRITE, allowed & ACCESS_EXECUTE];
  return `${r ? "r" : "-"}${w ? "w" : "-"}${x ? "x" : "-"}`;
}

/** Sets the permissions of whole pages. `anywhere` is `PROTECT_ANYWHERE` for pages that need not be mapped, else 0. */
export function setPermissions(
  space: Space,
  address: u64.U64Like,
  length: u64.U64Like,
  permissions: Permissions,
  anywhere = 0,
): void {
  const has = (letter: string, bit: number) => (permissions.includes(letter) ? bit : 0);
  const allowed = has("r", ACCESS_READ) | has("w", ACCESS_WRITE) | has("x", ACCESS_EXECUTE) | anywhere;
  space.changes.make("protect", { address, length }, () => {
    const { linear, handle } = space;
    const [low, high] = [u64.low(address), u64.high(address)];
    return linear.raw.gm_protect(handle, low, high, u64.low(length), u64.high(length), allowed);
  });
}

/** A range of whole pages that do not allow every access. */
export interface Protected {
  readonly start: bigint;
  readonly last: bigint;
  readonly permissions: Permissions;
}

/** Reads from the core which pages do not allow every access, in ascending order. */
export function readProtection({ linear, handle }: Space): Protected[] {
  const all: Protected[] = [];
  for (let page = 0n; page < PAGES; ) {
    linear.raw.gm_permissions(handle, u64.low(page), u64.high(page));
    const permissions = permissionsOf(linear.reported(PERMISSIONS_ALLOWED));
    const last = linear.reported64(PERMISSIONS_LAST_LOW);
    if (permissions !== "rwx") all.push({ start: page << 12n, last: (last << 12n) | 0xfffn, permissions });
    page = last + 1n;
  }
  return all;
}
