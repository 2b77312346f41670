// The only clock of the tests. It judges nothing: counts bound the work, and whatever ends at all ends long before it.

/** Milliseconds after which a wait that would last for ever ends, so that the report names it. */
export const HANG = 1_800_000;
/** The same for one wait inside a page, which takes seconds. */
export const PAGE_HANG = HANG / 3;
