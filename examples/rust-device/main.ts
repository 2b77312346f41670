// Runs both devices with a driver that keeps the rules, then with drivers that do not. Exit status 1 if a device gives a
// wrong answer, or a byte changes that should not.

import { run } from "./arena.ts";
import { ATTACKS } from "./attacks.ts";
import { loadDevices } from "./device.ts";
import { Machine } from "./machine.ts";
import { WRITE } from "./virtqueue.ts";

const hexadecimal = (value: number) => `0x${value.toString(16)}`;

const devices = await loadDevices();
console.log("Two virtio devices in Rust and their driver in TypeScript, on one guest memory\n");

let printed = "";
const machine = new Machine(devices, (text) => {
  printed += text;
});
const { size, descriptors, available, used } = machine.entropy.queue.layout;
console.log(
  `  entropy device: ${size} descriptors at ${hexadecimal(descriptors)}, ` +
    `rings at ${hexadecimal(available)} and ${hexadecimal(used)}`,
);
const bytes = machine.random(160);
console.log(`  ${bytes.length} random bytes: ${Buffer.from(bytes.subarray(0, 24)).toString("hex")}...`);
machine.print("The guest says hello.\n");
console.log(`  console | ${printed.trimEnd()}`);

console.log(
  "\nDrivers that break the rules, what the entropy device answers, and bytes changed outside their buffers\n",
);
for (const attack of ATTACKS) {
  const { status, changed } = run(attack, WRITE, ({ handle }) => new devices.Entropy(handle, crypto));
  const name = devices.Status[status] ?? String(status);
  console.log(`  ${attack.name.padEnd(48)}${name.padEnd(16)}${changed.length}`);
  if (name !== attack.answer || changed.length > 0) process.exitCode = 1;
}
