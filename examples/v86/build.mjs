// Makes the files that the guest boots from, in .cache/v86/: Debian's files, and this example's initial RAM disk.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpio } from "./guest/cpio.mjs";
import { fetchPackages, folder, how, packagesAreThere } from "./guest/packages.mjs";
import { pulse } from "./guest/pulse.mjs";

/**
 * Gets Debian's files if they are missing, and always writes the RAM disk, which takes no time. Other processes may build
 * and read at the same time: each file gets its name when it is whole.
 */
export function build() {
  if (!packagesAreThere()) {
    console.log("Getting a kernel, busybox and a BIOS for the guest from Debian's packages (55 MB, once) ...");
    try {
      fetchPackages();
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n  Or ${how}`);
    }
  }
  const path = join(folder, "initrd.cpio");
  const unnamed = `${path}.${process.pid}`;
  writeFileSync(unnamed, initrd());
  renameSync(unnamed, path);
}

function initrd() {
  const init = readFileSync(fileURLToPath(new URL("guest/init", import.meta.url)));
  return cpio({ bin: undefined, "bin/busybox": readFileSync(join(folder, "busybox")), "bin/pulse": pulse(), init });
}
