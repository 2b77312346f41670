// Transfer: an access in several parts, as far as it has come.

import type { U64Like } from "../core/u64.ts";
import type { Initiator } from "./device.ts";

/** Shared by those who do the parts, so that whoever catches an error knows what was moved before. */
export interface Transfer {
  readonly who: Initiator;
  /** The first guest-physical address of the whole access, as it was given. */
  readonly address: U64Like;
  /** Bytes of the whole access. */
  readonly length: number;
  /** Bytes moved, from its start on. */
  done: number;
}
