// The messages between the page and its worker.

import type { MapAsData } from "guest-memory";
import type { Program } from "../firmware.ts";

/** A range of guest memory: its start and its length in bytes. */
export type Range = [start: number, length: number];

/** To the worker, once and first: the program to run. */
export interface Start {
  type: "start";
  program: Program;
  rounds: number;
  /** The most instructions in a second. */
  limit: number;
}

/** To the worker: the program runs no further; its memory can still be looked at. */
export interface Stop {
  type: "stop";
}

/** To the worker: asks for these bytes. */
export interface Look {
  type: "look";
  address: number;
  length: number;
}

/** To the worker: tell of accesses to these bytes. */
export interface SetWatch {
  type: "watch";
  /** The page's number for it. */
  id: number;
  address: number;
  length: number;
  read: boolean;
  write: boolean;
}

/** To the worker: tell no more. */
export interface EndWatch {
  type: "unwatch";
  id: number;
}

export type ToWorker = Start | Stop | Look | SetWatch | EndWatch;

/** From the worker: a machine is loaded. */
export interface Loaded {
  type: "loaded";
  map: MapAsData;
  /** The ranges that the host has written: boot ROM and program. */
  ranges: Range[];
}

/** An access that a watch has seen. */
export interface Seen {
  /** The watch. */
  id: number;
  kind: string;
  address: number;
  size: number;
  value: number;
  /** The bytes that a write has replaced in memory. */
  oldValue?: number;
}

/** From the worker, several times a second: the changes since the last message. */
export interface Progress {
  type: "progress";
  text: string;
  written: Range[];
  instructions: number;
  /** Milliseconds in which they ran, pauses for the limit included. */
  time: number;
  /** The last accesses that watches have seen, and how many each has seen. */
  seen: Seen[];
  counts: [id: number, count: number][];
}

/** From the worker: the bytes that were asked for, and which of them are known. */
export interface Bytes {
  type: "bytes";
  address: number;
  bytes: Uint8Array;
  known: Uint8Array;
}

/** From the worker: the program sleeps, or failed. */
export interface Ended {
  type: "ended";
  error?: string;
}

export type FromWorker = Loaded | Progress | Bytes | Ended;
