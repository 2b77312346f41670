// What the suite's checks are written with: no test framework runs in every engine and page.

/** @typedef {typeof import("guest-memory")} Library */
/** @typedef {Record<string, (library: Library) => unknown>} Checks by name; a check that fails throws or rejects */

/** @param {unknown} found @param {unknown} expected */
export function same(found, expected) {
  const [a, b] = [found, expected].map(text);
  if (a !== b) throw new Error(`${a} instead of ${b}`);
}

/** JSON, with what JSON would leave out or make null. @param {unknown} value */
const text = (value) =>
  JSON.stringify(value instanceof Uint8Array ? [...value] : value, (_, part) =>
    typeof part === "bigint" ? `${part}n` : part === undefined || Number.isNaN(part) ? String(part) : part,
  );

/** The code of the GuestMemoryError that a call throws, or the name of another error's class. @param {() => unknown} call */
export function failure(call) {
  try {
    call();
  } catch (error) {
    return /** @type {{ code?: string }} */ (error).code ?? /** @type {Error} */ (error).name;
  }
  return "nothing was thrown";
}

/**
 * A check with two regions that touch, a hole, and a third region.
 * @param {(memory: import("guest-memory").GuestMemory, library: Library) => unknown} use
 * @returns {(library: Library) => Promise<void>}
 */
export const withMemory = (use) => async (library) => {
  const ranges = /** @type {const} */ ([
    [0x0, 0x1000],
    [0x1000, 0x1000],
    [0x1_0000, 0x4000],
  ]);
  const memory = await library.GuestMemory.fromRanges(ranges);
  try {
    await use(memory, library);
  } finally {
    memory.dispose();
  }
};

export const bytes = Uint8Array.of(1, 2, 3, 4, 5);
