// The differences that are meant: what the new build does otherwise than the old one, and why.

export interface Difference {
  /** Why the two differ. */
  readonly reason: string;
  /** Whether two lines that differ, of one operation, are this. As narrow as can be. */
  matches(old: string, now: string, operation: string): boolean;
  /**
   * Whether the memories may hold something else afterwards: then the episode ends, since all that follows could differ.
   * For a text that reads otherwise it is false.
   */
  readonly diverges: boolean;
}

/** Each is met in a whole run, or it has no place here any more. */
export const differences: readonly Difference[] = [];

/** A name that is meant to differ. */
export interface NameDifference {
  readonly reason: string;
  /** Whether a line is this: `- declaration: ...` for what is gone, `+ rust: ...` for what is new. */
  readonly matches?: (line: string) => boolean;
  /** Makes the new line of an old one, for a name that is used in many places. */
  readonly rename?: (old: string) => string;
}

export const names: readonly NameDifference[] = [];
