// Loads the module of the two devices in place of the facade's own, so that driver and device share one linear memory.

import { type Glue, init } from "guest-memory";

/** A device of the module, as the bus shows it to its driver. Both calls return a status. */
export interface Device {
  set_queue(size: number, descriptors: bigint, available: bigint, used: bigint): number;
  notify(): number;
  free(): void;
}

/** The exports of device/src besides the facade's functions. */
export interface Devices extends Glue {
  Entropy: new (handle: number, random: { getRandomValues(bytes: Uint8Array<ArrayBuffer>): void }) => Device;
  Console: new (handle: number, terminal: { write(bytes: Uint8Array<ArrayBuffer>): void }) => Device;
  /** Names by numbers and numbers by names: device/src/status.rs. */
  Status: Readonly<Record<number, string>> & Readonly<Record<string, number>>;
}

/** Loads the module that build.mjs has built. New memories are made in it from then on. */
export async function loadDevices(): Promise<Devices> {
  const glue: unknown = await import(/* @vite-ignore */ new URL("./device/pkg/rust_device.js", import.meta.url).href);
  await init({ glue: glue as Devices, wasm: new URL("./device/pkg/rust_device_bg.wasm", import.meta.url) });
  return glue as Devices;
}
