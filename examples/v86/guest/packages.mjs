// Gets the guest's kernel, busybox and BIOS from Debian's packages for i386. It runs apt with separate folders, so the
// system's architectures, lists and packages stay as they are, and no root is needed. Imports Node's own modules only.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture, run } from "../../../scripts/process.mjs";
import { root } from "../../../scripts/toolchain.mjs";

/** The folder of the guest's files. */
export const folder = join(root, ".cache", "v86");

/**
 * @typedef {object} Source
 * @property {string} file its name in `folder`
 * @property {string} package the package that has it
 * @property {string} path its path in there, with wildcards
 */

/** @type {Source[]} */
const sources = [
  { file: "vmlinuz.bin", package: "linux-image-686", path: "./boot/vmlinuz-*-686" },
  { file: "busybox", package: "busybox-static", path: "./*bin/busybox" },
  { file: "bios.bin", package: "seabios", path: "./usr/share/seabios/bios.bin" },
  { file: "vgabios.bin", package: "seabios", path: "./usr/share/seabios/vgabios-isavga.bin" },
];

/** The last release of Debian that has a kernel for 32-bit PCs. */
const RELEASE = "bookworm";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

export const packagesAreThere = () => sources.every(({ file }) => existsSync(join(folder, file)));

/** Advice for a person, if `fetchPackages` fails. */
export const how = `put these files of Debian ${RELEASE}'s packages for i386 into ${folder}: ${sources
  .map(({ file, package: name, path }) => `${file} (${path} of ${name})`)
  .join(", ")}`;

/** Gets all files, and notes their versions. If one fails, it throws and leaves no files. Other processes may do so too. */
export function fetchPackages() {
  if (capture("apt-get", ["--version"]) === undefined || capture("dpkg-deb", ["--version"]) === undefined) {
    throw new Error("there is no apt here");
  }
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, "apt-"));
  try {
    const versions = download(work);
    for (const { file } of sources) renameSync(join(work, file), join(folder, file));
    writeFileSync(join(folder, "versions.json"), `${JSON.stringify(versions, null, 2)}\n`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/**
 * Puts all files into `work`.
 * @param {string} work
 * @returns {Record<string, string>} the version of each package
 */
function download(work) {
  const options = ownFolders(work);
  run("apt-get", [...options, "update"], { quiet: true });
  /** @type {Record<string, string>} */
  const versions = {};
  for (const name of new Set(sources.map((source) => source.package))) {
    const real = dependency(name, options);
    run("apt-get", [...options, "download", real], { cwd: work, quiet: true });
    versions[real] = unpack(work, name);
  }
  return versions;
}

/** Options that keep apt away from the system's own state. @param {string} work */
function ownFolders(work) {
  for (const path of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(work, path), { recursive: true });
  writeFileSync(join(work, "status"), "");
  const signed = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : "";
  writeFileSync(join(work, "sources.list"), `deb${signed} ${mirror()} ${RELEASE} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": join(work, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State": join(work, "state"),
    "Dir::State::lists": join(work, "state", "lists"),
    "Dir::State::status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    "APT::Architecture": "i386",
    "APT::Architectures": "i386",
    "Acquire::Retries": "3",
    "APT::Sandbox::User": "", // apt's own user may not write here
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
  };
  return ["--quiet", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

/** The system's own sources of Debian's packages. */
function mirror() {
  const targets = capture("apt-get", ["indextargets", "Identifier: Packages", "--format", "$(REPO_URI)"]) ?? "";
  const found = targets.split("\n").find((uri) => uri.endsWith("/debian/"));
  if (found === undefined) throw new Error("apt has no mirror of Debian among its sources");
  return found;
}

/**
 * The kernel's package is empty, and depends on the one of the newest version.
 * @param {string} name
 * @param {string[]} options
 */
function dependency(name, options) {
  if (name !== "linux-image-686") return name;
  const depends = capture("apt-cache", [...options, "depends", name]);
  const real = /Depends: (linux-image-[\w.+-]+-686)$/m.exec(depends ?? "")?.[1];
  if (real === undefined) throw new Error(`Debian ${RELEASE} has no ${name} for i386`);
  return real;
}

/**
 * Extracts this example's files from the package in `work`, into `work`.
 * @param {string} work
 * @param {string} name
 * @returns {string} its version
 */
function unpack(work, name) {
  const deb = readdirSync(work).find((file) => file.endsWith(".deb"));
  if (deb === undefined) throw new Error(`apt-get left no file of ${name}`);
  const path = join(work, deb);
  const take = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout --wildcards "$2" > "$3"';
  for (const { file, path: inside } of sources.filter((source) => source.package === name)) {
    run("sh", ["-c", take, "sh", path, inside, join(work, file)]);
  }
  const version = capture("dpkg-deb", ["--field", path, "Version"]) ?? "";
  rmSync(path);
  return version;
}
