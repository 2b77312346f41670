// Transfer: the progress of an access that is made in several parts.

import type { U64Like } from "../core/u64.ts";
import type { Initiator } from "./device.ts";

/** The progress of one access. Everything that makes a part counts it here, so that an error can say how far it got. */
export interface Transfer {
  readonly who: Initiator;
  /** The first guest-physical address of the whole access, as the caller gave it. */
  readonly address: U64Like;
  /** Bytes of the whole access. */
  readonly length: number;
  /** Whether `onUnmapped` is asked for the holes in the range. Default false: the access ends there. */
  readonly holes?: boolean;
  /** Bytes moved so far, from the start of the access. */
  done: number;
}
