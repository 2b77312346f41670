// What the page and its worker tell each other.

import type { Program } from "../firmware.ts";

/** A range of guest memory: its start and its length in bytes. */
export type Range = [start: number, length: number];

/** To the worker, once: the program to run. */
export interface Start {
  program: Program;
  rounds: number;
  /** Instructions a second at most. */
  limit: number;
}

/** From the worker: a machine is loaded. */
export interface Loaded {
  type: "loaded";
  regions: { name: string; start: number; size: number }[];
  /** What the host has written: boot ROM and program. */
  ranges: Range[];
}

/** From the worker, several times a second: what happened since the last time. */
export interface Progress {
  type: "progress";
  text: string;
  written: Range[];
  instructions: number;
  /** Milliseconds in which they ran, pauses for the limit included. */
  time: number;
}

/** From the worker: the program sleeps, or failed. */
export interface Ended {
  type: "ended";
  error?: string;
}

export type FromWorker = Loaded | Progress | Ended;
