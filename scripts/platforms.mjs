// The further platforms that the core's suite runs on, besides this machine and Wasm: how a program for each is linked
// and run. Debian's packages contain all the tools.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./process.mjs";
import { root } from "./toolchain.mjs";

/**
 * @typedef {object} Platform
 * @property {string} target Rust's name for it
 * @property {string[]} compiler the C compiler, which links Rust's programs too
 * @property {string[]} runner the command that runs a program for the platform
 * @property {string[]} packages the names of Debian's packages
 * @property {string} [takes] the size of the download, if it is large
 * @property {NodeJS.ProcessEnv} [env] for the runner
 */

const folder = join(root, ".cache", "platforms");

/** @type {Platform} */
const windows = {
  target: "x86_64-pc-windows-gnu",
  compiler: ["x86_64-w64-mingw32-gcc"],
  runner: ["wine"],
  packages: ["gcc-mingw-w64-x86-64", "wine64", "wine"],
  takes: "1 GB of packages",
  env: { WINEPREFIX: join(folder, "wine"), WINEPATH: folder, WINEDEBUG: "-all" },
};

/** @type {Platform[]} */
export const platforms = [
  {
    target: "i686-unknown-linux-gnu",
    compiler: ["cc", "-m32"],
    runner: [],
    packages: ["gcc-multilib"],
  },
  {
    target: "aarch64-unknown-linux-gnu",
    compiler: ["aarch64-linux-gnu-gcc"],
    runner: ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
    packages: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user"],
  },
  {
    target: "s390x-unknown-linux-gnu",
    compiler: ["s390x-linux-gnu-gcc"],
    runner: ["qemu-s390x", "-L", "/usr/s390x-linux-gnu"],
    packages: ["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross", "qemu-user"],
  },
  windows,
];

/** @param {Platform} platform @returns the commands that must be on PATH, for a person to read */
export const commandsOf = ({ compiler, runner }) =>
  [compiler.join(" "), ...runner.slice(0, 1)].map((command) => `\`${command}\``).join(" and ");

/** @param {Platform} platform @returns {NodeJS.ProcessEnv} the variables that tell cargo how to link and run programs for it */
export function environment({ target, compiler, runner, env }) {
  const key = `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}`;
  const runs = runner.length === 0 ? {} : { [`${key}_RUNNER`]: runner.join(" ") };
  return { [`${key}_LINKER`]: compiler[0], ...runs, ...env };
}

/** @param {Platform} platform @returns whether a C program for it can be linked and run here */
export function runs(platform) {
  const { target, compiler, runner, env } = platform;
  const [cc = "", ...flags] = compiler;
  const program = join(folder, `${target}.exe`);
  mkdirSync(folder, { recursive: true });
  if (platform === windows && !makeRandomLibrary()) return false;
  const source = { input: "int main(void) { return 0; }" };
  if (capture(cc, [...flags, "-x", "c", "-", "-o", program], source) === undefined) return false;
  const [command = "", ...args] = [...runner, program];
  return capture(command, args, { env: { ...process.env, ...env } }) !== undefined;
}

/**
 * Rust's standard library takes its random numbers from a library of Windows that Wine lacks before version 8.13. Later
 * versions use their own library.
 */
function makeRandomLibrary() {
  const source = {
    input: `
    #include <windows.h>
    #include <ntsecapi.h>
    __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length) { return RtlGenRandom(bytes, length); }`,
  };
  const library = join(folder, "bcryptprimitives.dll");
  const [cc = ""] = windows.compiler;
  return capture(cc, ["-shared", "-x", "c", "-", "-o", library, "-ladvapi32"], source) !== undefined;
}
