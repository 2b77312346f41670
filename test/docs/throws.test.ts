// Every error that the documentation promises is thrown, with a message that was read. A documented error without a row in the
// table (throws/) is a failure, and so is a row that the documentation does not have.
import { afterEach, describe, expect, test } from "vitest";
import { GuestMemoryError } from "../../ts/index.ts";
import { rows as access } from "./throws/access.ts";
import { rows as bytes } from "./throws/bytes.ts";
import { rows as create } from "./throws/create.ts";
import { rows as dma } from "./throws/dma.ts";
import { allOf, codes, promised } from "./throws/documented.ts";
import { rows as map } from "./throws/map.ts";
import { rows as mappedRegion } from "./throws/mapped-region.ts";
import { rows as observe } from "./throws/observe.ts";
import { rows as region } from "./throws/region.ts";
import { rows as regionBytes } from "./throws/region-bytes.ts";
import { disposeMachines } from "./throws/row.ts";
import { rows as state } from "./throws/state.ts";
import { rows as streams } from "./throws/streams.ts";

const rows = [
  ...access,
  ...bytes,
  ...create,
  ...dma,
  ...map,
  ...mappedRegion,
  ...observe,
  ...region,
  ...regionBytes,
  ...state,
  ...streams,
];

/** An error's code, or its class, and its message. */
async function thrownBy(act: () => unknown): Promise<{ error: string; message: string }> {
  try {
    await act();
  } catch (error) {
    const { name, message, code } = error as GuestMemoryError;
    // The library before `init` is another copy, with a class of its own.
    return { error: error instanceof GuestMemoryError || code !== undefined ? code : name, message };
  }
  return { error: "nothing", message: "" };
}

describe("the table has", () => {
  test.each([...promised])("all errors of %s", (name, { own }) => {
    const there = rows.filter((row) => row.name === name).map(({ error }) => error);
    expect(own.filter((error) => !there.includes(error as never))).toEqual([]);
    expect(there.length).toBeGreaterThan(0);
  });

  test("no error that the documentation does not have", () => {
    const invented = rows.filter(({ name, error }) => !allOf(name).has(error) && !isArgument(error));
    expect(invented.map(({ name, error }) => `${name} ${error}`)).toEqual([]);
    expect(rows.filter(({ name }) => !promised.has(name))).toEqual([]);
  });

  test("every code", () => {
    expect(new Set(rows.map(({ error }) => error))).toEqual(new Set([...codes, "RangeError", "TypeError"]));
  });
});

/** Every call throws these for arguments of wrong types and out of range: the description of GuestMemory says so once. */
const isArgument = (error: string) => error === "TypeError" || error === "RangeError";

describe("is thrown, with its message", () => {
  afterEach(disposeMachines);

  test.each(rows.map((row) => [row.name, row.error, row.message, row.act] as const))(
    "%s %s: %s",
    async (_name, error, message, act) => {
      expect(await thrownBy(act)).toEqual({ error, message });
    },
  );
});
