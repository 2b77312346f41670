// Outcomes: a call's result or error, in words that the facade and the model share, and as printed text.
import { GuestMemoryError } from "../../ts/index.ts";

export type Outcome = { value: unknown } | { fault: string; address?: bigint };

/** What an action gives or throws, in the model's words. */
export function outcomeOf(act: () => unknown): Outcome {
  try {
    return { value: plain(act()) };
  } catch (error) {
    if (error instanceof GuestMemoryError) {
      const { code, address } = error;
      return address === undefined ? { fault: code } : { fault: code, address: BigInt(address) };
    }
    if (error instanceof RangeError || error instanceof TypeError) return { fault: error.name };
    throw error;
  }
}

/** Regions, also inside a result, without their class. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("region" in value && "address" in value) return { region: plain(value.region), address: value.address };
  if ("start" in value && "size" in value) return { start: value.start, size: value.size };
  return value;
}

export function show(value: unknown): string {
  if (typeof value === "bigint") return `0x${value.toString(16)}n`;
  if (typeof value === "number") return Number.isInteger(value) && value > 9 ? `0x${value.toString(16)}` : `${value}`;
  if (value instanceof Uint8Array)
    return `Uint8Array(${value.length})[${value.subarray(0, 12)}${value.length > 12 ? ",…" : ""}]`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Object)
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${show(item)}`)
      .join(", ")} }`;
  return String(value);
}
