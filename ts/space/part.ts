// PartOf: how GuestMemory's methods, which the rooms define, find the parts of the memory that they are called on.

/** Returns the parts of a memory. @throws TypeError for a value that is not a GuestMemory. */
export type PartOf<T> = (memory: object) => T;
