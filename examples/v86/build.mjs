// Makes the files that the guest boots from, in .cache/v86/: Debian's files, and this example's initial RAM disk.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpio } from "./guest/cpio.mjs";
import { fetchPackages, folder, how, packagesAreThere } from "./guest/packages.mjs";
import { pulse } from "./guest/pulse.mjs";

/** Gets Debian's files if they are missing, and always writes the RAM disk, which takes no time. */
export function build() {
  if (!packagesAreThere()) {
    console.log("Getting a kernel, busybox and a BIOS for the guest from Debian's packages (55 MB, once) ...");
    try {
      fetchPackages();
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n  Or ${how}`);
    }
  }
  writeFileSync(join(folder, "initrd.cpio"), initrd());
}

function initrd() {
  const init = readFileSync(fileURLToPath(new URL("guest/init", import.meta.url)));
  return cpio({ bin: undefined, "bin/busybox": readFileSync(join(folder, "busybox")), "bin/pulse": pulse(), init });
}
