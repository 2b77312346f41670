// Child processes for the scripts: run one and show its output, or capture it. Node's own modules only.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, quiet?: boolean, shell?: boolean }} Options */

/**
 * Runs a command with its output on the terminal, or, when `quiet`, held back and shown only if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 */
export function run(command, args, { quiet = false, ...options } = {}) {
  const stdio = quiet ? "pipe" : "inherit";
  const result = spawnSync(command, args, { stdio, encoding: "utf8", maxBuffer: 2 ** 28, ...options });
  if (result.status === 0) return;
  if (quiet) process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  const why = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : `exit status ${result.status}`);
  const line = [command, ...args].join(" ");
  throw new Error(`${line.length > 120 ? `${line.slice(0, 120)} ...` : line}: ${why}`);
}

/**
 * The output of a command, trimmed; undefined if it cannot be run or fails.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28, ...options });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * Runs npm: the one that runs this script if there is one, because `npm` is a batch file on Windows.
 * @param {string[]} args
 * @param {Options} [options]
 */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js")) run(process.execPath, [cli, ...args], options);
  else run("npm", args, { shell: process.platform === "win32", ...options });
}

/**
 * The environment with folders put in front of PATH.
 * @param {...string} folders
 */
export function withPath(...folders) {
  return { ...process.env, PATH: [...folders, process.env.PATH ?? ""].join(delimiter) };
}

/**
 * The path of a command, looked up in PATH; undefined if it is not found.
 * @param {string} command
 */
export function which(command) {
  const folders = isAbsolute(command) ? [""] : (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
