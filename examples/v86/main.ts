// Boots Linux in v86, and shows the data between guest and host: words at this example's addresses, and text in RAM.
// Exit status 1 if a word or a text does not arrive.

import { readFiles } from "./files.ts";
import { Machine } from "./machine.ts";
import { COUNT, createMemory, find, RANDOM, WINDOW } from "./memory.ts";

const NOTE = "The answer is 42.";
const hexadecimal = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;

const machine = await Machine.create(await readFiles());
const memory = await createMemory(machine);

function expectEqual(found: string, wanted: string): void {
  if (found === wanted) return;
  console.error(`  That is not ${wanted}.`);
  process.exitCode = 1;
}

/** Runs a command in the guest, and shows it. */
async function run(command: string): Promise<string> {
  console.log(`  guest# ${command}`);
  const output = (await machine.console.run(command)).output.trimEnd();
  if (output !== "") console.log(`  ${output.replaceAll("\n", "\n  ")}`);
  return output;
}

console.log(`A PC in v86\n\n  ${memory.tree().replaceAll("\n", "\n  ")}\n\nLinux boots, for about 10 seconds ...\n`);
await machine.start();
await machine.console.ready();
console.log(`  v86's memory was seen to grow ${machine.growths} times: each time every view of it ended`);
await run("uname -a");

console.log("\nA window that both see\n");
await run(`devmem ${hexadecimal(WINDOW.start)} 32 0x12345678`);
const word = Buffer.from(memory.readBytes(WINDOW.start, 4)).toString("hex");
console.log(`  host: finds the bytes ${word} there, and writes another word behind them`);
expectEqual(word, "78563412");
memory.writeUint32(WINDOW.start + 4, 0xdead_beef);
expectEqual(await run(`devmem ${hexadecimal(WINDOW.start + 4)} 32`), "0xDEADBEEF");

console.log("\nA device: random numbers, and how many were read\n");
await run(`devmem ${hexadecimal(RANDOM)} 32`);
await run(`devmem ${hexadecimal(RANDOM)} 32`);
expectEqual(await run(`devmem ${hexadecimal(COUNT)} 32`), "0x00000002");

console.log("\nThe guest's own RAM\n");
await run('echo "The answer is $((6 * 7))." > note');
const bytes = (text: string) => new TextEncoder().encode(text);
for (let at = find(memory, bytes(NOTE)); at >= 0; at = find(memory, bytes(NOTE), at + 1)) {
  console.log(`  host: finds "${NOTE}" at ${hexadecimal(at)}, and writes another number`);
  memory.poke(at + NOTE.length - 3, bytes("43"));
}
expectEqual(await run("cat note"), "The answer is 43.");
await machine.stop();
