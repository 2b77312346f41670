// HandlerAccess: the handlers for accesses to holes, and for forbidden scalar accesses.

import { describe, type U64Like } from "../core/u64.ts";
import type { OnDenied } from "../device/on-denied.ts";
import type { OnUnmapped } from "../device/on-unmapped.ts";
import type { PartOf } from "../space/part.ts";
import type { Space } from "../space/space.ts";

/**
 * The handlers of a memory. {@link GuestMemory} has all of it.
 *
 * @example
 * ```ts
 * import { GuestMemory } from "guest-memory";
 *
 * using memory = await GuestMemory.create([{ kind: "rom", start: 0, size: 0x1000 }]);
 * memory.onDenied = { write: () => {} }; // a store to ROM is ignored
 * memory.onUnmapped = { read: () => 0xff }; // an open bus
 * memory.writeUint8(0x10, 1);
 * console.assert(memory.readUint8(0x10) === 0 && memory.readUint8(0x9999) === 0xff);
 * ```
 */
export interface HandlerAccess<A extends number | bigint = number> {
  /**
   * The handlers for scalar accesses that ROM or `protect` forbids. Without handlers, such accesses throw. See
   * {@link OnDenied}. Default: undefined.
   *
   * @throws TypeError for a value that is neither an object of functions nor undefined.
   *
   * @example
   * ```ts
   * memory.protect(0x0, 0x1000, "r-x");
   * memory.onDenied = { write: () => {} };
   * memory.writeUint8(0x10, 1);
   * console.assert(memory.readUint8(0x10) === 0);
   * ```
   */
  get onDenied(): OnDenied<A> | undefined;

  set onDenied(handlers: OnDenied<A> | undefined);

  /**
   * The handlers for accesses to holes. Without handlers, such accesses throw. See {@link OnUnmapped}. Default:
   * undefined.
   *
   * @throws TypeError for a value that is neither an object of functions nor undefined.
   *
   * @example
   * ```ts
   * memory.onUnmapped = { read: (address, size) => (size === 1 ? 0xff : undefined) };
   * console.assert(memory.readUint8(0x9999) === 0xff);
   * memory.onUnmapped = undefined;
   * ```
   */
  get onUnmapped(): OnUnmapped<A> | undefined;

  set onUnmapped(handlers: OnUnmapped<A> | undefined);
}

/** The part of GuestMemory that is {@link HandlerAccess}. */
export function handlerAccess(of: PartOf<{ space: Space }>): HandlerAccess<U64Like> {
  return {
    get onDenied() {
      return of(this).space.onDenied;
    },
    set onDenied(handlers) {
      checkHandlers(handlers, "onDenied", ["read", "write", "fetch"]);
      const { space } = of(this);
      space.enter();
      space.onDenied = handlers;
    },
    get onUnmapped() {
      return of(this).space.onUnmapped;
    },
    set onUnmapped(handlers) {
      checkHandlers(handlers, "onUnmapped", ["read", "write"]);
      const { space } = of(this);
      space.enter();
      space.onUnmapped = handlers;
    },
  };
}

/** Throws unless `handlers` is an object of functions, or undefined. */
function checkHandlers(handlers: unknown, what: string, names: string[]): void {
  if (handlers === undefined) return;
  if (typeof handlers !== "object" || handlers === null) {
    throw new TypeError(`${what} must be an object or undefined, not ${describe(handlers)}`);
  }
  for (const name of names) {
    const handler: unknown = (handlers as Record<string, unknown>)[name];
    if (handler !== undefined && typeof handler !== "function") {
      throw new TypeError(`${what}.${name} must be a function, not ${describe(handler)}`);
    }
  }
}
