// Measures one group of rows on one engine, and prints it as JSON. Runs bundled, in Node, Deno and Bun.
// Arguments: group, `little` or `full`, and for the group `core` the path of its Wasm.

import { FULL, LITTLE } from "./clock.ts";
import type { Row } from "./row.ts";
import { bulk } from "./rows/bulk.ts";
import { core } from "./rows/core.ts";
import { creation } from "./rows/creation.ts";
import { external } from "./rows/external.ts";
import { map } from "./rows/map.ts";
import { mapChanges } from "./rows/map-changes.ts";
import { scalars } from "./rows/scalars.ts";
import { slowPaths } from "./rows/slow-paths.ts";
import { states } from "./rows/states.ts";

const [group = "", amount = "", wasm = ""] = process.argv.slice(2);
const effort = amount === "little" ? LITTLE : FULL;

async function measure(): Promise<Row[]> {
  switch (group) {
    case "scalars":
      return scalars(effort);
    case "bulk":
      return bulk(effort);
    case "creation":
      return creation();
    case "map":
      return map(effort);
    case "map changes":
      return mapChanges(effort);
    case "external":
      return external(effort);
    case "slow paths":
      return slowPaths(effort);
    case "states":
      return states(effort);
    case "core": {
      const { readFile } = process.getBuiltinModule("node:fs/promises");
      return core(effort, Uint8Array.from(await readFile(wasm)));
    }
    default:
      throw new Error(`no group of rows is called "${group}"`);
  }
}

console.log(JSON.stringify(await measure()));
