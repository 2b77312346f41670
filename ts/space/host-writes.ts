// Host writes: tells the listeners of a machine which of their addresses show bytes that the host has written.

import {
  RUN_LENGTH_HIGH,
  RUN_LENGTH_LOW,
  RUN_REGION,
  RUN_START_HIGH,
  RUN_START_LOW,
  RUN_WORDS,
  RUNS_COUNT,
} from "../core/abi.ts";
import type { U64Like } from "../core/u64.ts";
import * as u64 from "../core/u64.ts";
import type { Space } from "./space.ts";

/** Adjacent bytes: from `start` on, an offset in the region or a guest address. */
export interface Run {
  /** The region's id. */
  readonly region: number;
  readonly start: bigint;
  /** Bytes. */
  readonly length: number;
}

/** The listener of one space, for the host's writes. */
export interface HostWriteCall {
  /** The user's listener. */
  readonly listener: unknown;
  /** Calls it for a range, with the bytes of regions that the range shows. */
  call(address: U64Like, length: number, runs: readonly Run[]): void;
}

/**
 * Calls the listeners of all spaces of the machine that show bytes of a range that the host has written. The runs for
 * all of them are found before the first listener runs, which may change the map.
 */
export function hostWritten(space: Space, address: U64Like, length: U64Like): void {
  const { listening } = space.machine;
  if (listening.size === 0 || Number(length) === 0 || space.disposed) return;
  const calls: (() => void)[] = [];
  const written = regionsOf(space, address, Number(length));
  if (space.hostWrites) tell(calls, space, address, Number(length));
  for (const reference of listening.values()) {
    const other = reference.deref();
    if (other === undefined || other === space || other.disposed) continue;
    for (const run of written)
      for (const { start, length } of addressesOf(other, run)) tell(calls, other, start, length);
  }
  callAll(calls);
}

/** As `hostWritten`, for runs of regions' bytes. */
export function runsWritten({ machine }: Space, written: readonly Run[]): void {
  const calls: (() => void)[] = [];
  for (const reference of machine.listening.values()) {
    const listener = reference.deref();
    if (listener === undefined || listener.disposed) continue;
    for (const run of written) {
      for (const { start, length } of addressesOf(listener, run)) tell(calls, listener, start, length);
    }
  }
  callAll(calls);
}

/** Adds the call of a space's listener for a range. */
function tell(calls: (() => void)[], listener: Space, at: U64Like, bytes: number): void {
  const runs = regionsOf(listener, at, bytes);
  calls.push(() => listener.hostWrites?.call(listener.toAddress(at), bytes, runs));
}

/** Makes all calls, and throws the first error of one. */
function callAll(calls: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const call of calls) {
    try {
      call();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** The bytes of regions that a range shows. */
export function regionsOf(space: Space, address: U64Like, length: number): Run[] {
  const { raw } = space.linear;
  const [low, high, lengthLow, lengthHigh] = [u64.low(address), u64.high(address), u64.low(length), u64.high(length)];
  return runs(space, (skip) => raw.gm_each_region(space.handle, low, high, lengthLow, lengthHigh, skip));
}

/** The addresses that show bytes of a region. */
function addressesOf(space: Space, { region, start, length }: Run): Run[] {
  const { raw } = space.linear;
  const [low, high, lengthLow, lengthHigh] = [u64.low(start), u64.high(start), u64.low(length), u64.high(length)];
  return runs(space, (skip) => raw.gm_each_address(space.handle, region, low, high, lengthLow, lengthHigh, skip));
}

/** The runs of as many calls of the core as there must be. */
function runs({ linear }: Space, find: (skip: number) => void): Run[] {
  const all: Run[] = [];
  for (;;) {
    find(all.length);
    linear.replace();
    const left = linear.reported(RUNS_COUNT) - all.length;
    const fit = Math.min(left, Math.floor(linear.transfer.length / (4 * RUN_WORDS)));
    const words = new Uint32Array(linear.buffer, linear.transfer.byteOffset, fit * RUN_WORDS);
    for (let at = 0; at < words.length; at += RUN_WORDS) {
      const word = (slot: number) => words[at + slot] as number;
      const start = u64.joinBig(word(RUN_START_LOW), word(RUN_START_HIGH));
      const length = u64.join(word(RUN_LENGTH_LOW), word(RUN_LENGTH_HIGH));
      all.push({ region: word(RUN_REGION), start, length });
    }
    if (fit === left) return all;
  }
}
