// Child processes for the scripts: run one and show its output, or capture it. Node's own modules only.
import { spawn, spawnSync } from "node:child_process";
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
 * Runs a line of the shell with its output on this process's, and gives why it failed ("" if it did not) and the last
 * lines that it printed. A terminal gets the output directly, for its colours, and no line is kept.
 * @param {string} line
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ why: string, last: string[] }>}
 */
export function runShell(line, options) {
  const stdio = process.stdout.isTTY ? "inherit" : ["inherit", "pipe", "pipe"];
  const child = spawn(line, {
    ...options,
    shell: true,
    stdio: /** @type {import("node:child_process").StdioOptions} */ (stdio),
  });
  let kept = "";
  for (const [from, to] of /** @type {const} */ ([
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]))
    from?.setEncoding("utf8").on("data", (text) => {
      to.write(text);
      kept = (kept + text).slice(-KEPT);
    });
  return new Promise((resolve) => {
    /** @param {string} why */
    const end = (why) => resolve({ why, last: kept.trimEnd().split("\n").slice(-LAST_LINES) });
    child.on("error", (error) => end(error.message));
    child.on("close", (status, signal) => {
      end(status === 0 ? "" : `${line}: ${signal ? `ended by ${signal}` : `exit status ${status}`}`);
    });
  });
}

/** As much of a command's output as is kept, in characters and in lines. */
const KEPT = 8192;
const LAST_LINES = 24;

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
