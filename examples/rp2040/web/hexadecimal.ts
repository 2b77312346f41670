// An address as text.

export const hexadecimal = (address: number) => `0x${address.toString(16).padStart(8, "0")}`;
