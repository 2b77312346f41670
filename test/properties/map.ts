// The map and its queries: regions, ranges, host offsets, dirty clients, the handler.
import { Argument, type Machine } from "./machine.ts";
import { type ModelClient, type ModelRegion, TOP } from "./model.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { Kinds } from "./scalars.ts";

const ok = (value?: unknown): Outcome => ({ value });
const NUMBERS = 1n << 53n;

/** Regions of more would only make comparisons slow. */
const MOST_REGIONS = 12;

const plain = (machine: Machine, region: ModelRegion) => ({
  start: machine.result(region.start),
  size: region.bytes.length,
});

function pick<T>(list: readonly T[], bits: bigint): T | undefined {
  return list[Number(bits % BigInt(list.length || 1))];
}

/** Opens a client of both sides. */
export function openClient(machine: Machine): void {
  const { length } = machine.clients;
  machine.log.push("dirty.client()");
  machine.compare(length === 7 ? { fault: "TOO_MANY_CLIENTS" } : ok(), () => {
    const opened = machine.memory.dirty.client(`client ${length}`);
    const model: ModelClient = new Map();
    machine.model.clients.add(model);
    machine.clients.push([opened, model]);
  });
}

export const map: Kinds = {
  insertRegion(machine, { at, length, bits }) {
    const full = machine.model.regions.length >= MOST_REGIONS;
    const place = full ? undefined : machine.address(at);
    const start = place ?? new Argument(machine.model.regions[0]?.start ?? 0n, true);
    // At most some pages, or more than any linear memory holds.
    const size = new Argument(bits % 16n === 0n ? 1n << 40n : length.add % 20_000n, length.asBigint);
    machine.call("insertRegion", [start, size], () => {
      const stop = start.exact + size.exact;
      if (size.exact === 0n || (stop > NUMBERS && !machine.wide)) return { fault: "RangeError" };
      if (stop > TOP) return { fault: "GUEST_ADDRESS_OVERFLOW", address: start.exact };
      if (machine.model.overlaps(start.exact, size.exact))
        return { fault: "MEMORY_REGION_OVERLAP", address: start.exact };
      if (size.exact > 1n << 32n) return { fault: "OUT_OF_MEMORY", address: start.exact };
      machine.model.insert(start.exact, Number(size.exact));
      return ok({ start: machine.result(start.exact), size: Number(size.exact) });
    });
    machine.mapped();
  },

  removeRegion(machine, { bits, at }) {
    const region = pick(machine.model.regions, bits >> 8n);
    if (region === undefined) return;
    // A region that is there, or one that is almost.
    const wrong = machine.model.regions.length === 1 || bits % 4n === 0n;
    const start = new Argument(region.start + (wrong && bits & 4n ? 1n : 0n), at.asBigint);
    const size = new Argument(BigInt(region.bytes.length) + (wrong && !(bits & 4n) ? 1n : 0n), !at.asBigint);
    machine.call("removeRegion", [start, size], () => {
      if (wrong) return { fault: "NO_MEMORY_REGION", address: start.exact };
      machine.model.remove(region);
      return ok(plain(machine, region));
    });
    machine.mapped();
  },

  reserve(machine, { bits, length }) {
    const bytes = new Argument(bits % 8n === 0n ? 1n << 33n : length.add % 100_000n, length.asBigint);
    machine.call("reserve", [bytes], () => (bytes.exact > 1n << 32n ? { fault: "OUT_OF_MEMORY" } : ok()));
  },

  regions(machine) {
    machine.log.push("regions");
    const expected = machine.model.regions.map((region) => plain(machine, region));
    machine.compare(ok(expected), () => [...machine.memory.regions]);
  },

  lastAddress(machine) {
    machine.log.push("lastAddress");
    const { last } = machine.model;
    machine.compare(ok(last === undefined ? undefined : machine.result(last)), () => machine.memory.lastAddress);
  },

  findRegion(machine, { at }) {
    const address = machine.address(at);
    machine.call("findRegion", [address], () => {
      const region = machine.model.find(address.exact);
      return ok(region && plain(machine, region));
    });
  },

  toRegionAddress(machine, { at }) {
    const address = machine.address(at);
    machine.call("toRegionAddress", [address], () => {
      const region = machine.model.find(address.exact);
      return ok(region && { region: plain(machine, region), address: Number(address.exact - region.start) });
    });
  },

  addressInRange(machine, { at }) {
    const address = machine.address(at);
    machine.call("addressInRange", [address], () => ok(machine.model.find(address.exact) !== undefined));
  },

  checkRange(machine, { at, length }) {
    const address = machine.address(at);
    const bytes = machine.length(length, address);
    machine.call("checkRange", [address, bytes], () =>
      ok(machine.model.fault(address.exact, bytes.exact) === undefined),
    );
  },

  checkedOffset(machine, { at, length }) {
    const address = machine.address(at);
    const offset = machine.length(length, address);
    machine.call("checkedOffset", [address, offset], () => {
      const sum = address.exact + offset.exact;
      return ok(machine.model.find(sum) === undefined ? undefined : machine.result(sum));
    });
  },

  hostOffset(machine, { at, length, bits }) {
    const address = machine.address(at);
    const bytes = machine.length(length, address);
    const access = bits & 1n ? "read" : "write";
    if (!address.valid || !bytes.valid) return machine.call("hostOffset", [address, bytes, access], () => ok());
    const runs = machine.model.runs(address.exact, bytes.exact);
    // No bytes lie anywhere, in a hole too.
    const one = machine.model.fault(address.exact, bytes.exact) === undefined && runs.length <= 1;
    const expected = one ? machine.model.load(address.exact, Number(bytes.exact)) : undefined;
    machine.log.push(`hostOffset(${address.exact}, ${bytes.exact})`);
    machine.compare(ok(expected), () => {
      const offset = machine.memory.hostOffset(address.given, bytes.given, access);
      return offset === undefined ? undefined : machine.memory.tables.bytes.slice(offset, offset + Number(bytes.exact));
    });
  },

  markDirty(machine, { at, length }) {
    const address = machine.address(at);
    const bytes = machine.length(length, address);
    machine.call("markDirty", [address, bytes], () => {
      const fault = machine.model.fault(address.exact, bytes.exact);
      if (fault !== undefined) return { fault, address: address.exact };
      machine.model.mark(address.exact, bytes.exact);
      return ok();
    });
  },

  "dirty.client": openClient,

  collect(machine, { bits }) {
    const client = pick(machine.clients, bits);
    if (client === undefined) return;
    machine.log.push(`collect() of client ${machine.clients.indexOf(client)}`);
    const expected = machine.model.collect(client[1]);
    const shown = expected.map(([start, length]) => [machine.result(start), Number(length)]);
    machine.compare(ok(shown), () => client[0].collect().map(([start, length]) => [start, length]));
  },

  "client.dispose"(machine, { bits }) {
    const client = pick(machine.clients, bits);
    if (client === undefined) return;
    machine.log.push(`dispose() of client ${machine.clients.indexOf(client)}`);
    machine.clients.splice(machine.clients.indexOf(client), 1);
    machine.model.clients.delete(client[1]);
    machine.compare(ok(), () => client[0].dispose());
    machine.same(
      "collect() when disposed",
      outcomeOf(() => client[0].collect()),
      { fault: "DISPOSED" },
    );
  },

  onUnmapped(machine, { bits }) {
    machine.setHandler(bits % 2n === 0n);
    machine.compare(ok(machine.handled), () => machine.memory.onUnmapped !== undefined);
  },
};
