// The examples' pages, served as `npm start -- --web` serves them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { root } from "../../scripts/toolchain.mjs";

/** What `npm start` runs. */
export const start = join(root, "scripts", "start.mjs");

/** Serves the pages, hands an example's address, or the index's, to `use`, and ends the server whatever happens. */
export async function withExample<T>(
  name: string | undefined,
  use: (url: string) => Promise<T>,
  env = process.env,
): Promise<T> {
  const server = spawn(process.execPath, [start, "--web", ...(name === undefined ? [] : [name])], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    for await (const line of createInterface(server.stdout)) {
      const url = /http:\/\/localhost:\d+\/\S*/.exec(stripVTControlCharacters(line))?.[0];
      if (url !== undefined) return await use(url);
    }
    throw new Error("the server ended without an address");
  } finally {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  }
}
