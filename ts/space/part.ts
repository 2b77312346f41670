// PartOf: how the methods of GuestMemory, which each room makes for itself, find what belongs to the memory at hand.

/** Gives the parts of a memory. @throws TypeError for what is no GuestMemory. */
export type PartOf<T> = (memory: object) => T;
