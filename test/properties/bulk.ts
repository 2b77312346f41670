// Bulk operations: reads and writes of arrays, views, fill, copy, compare, search.
import type { Machine } from "./machine.ts";
import type { Operation } from "./operation.ts";
import { type Outcome, show } from "./outcome.ts";
import type { Kinds } from "./scalars.ts";

const ok = (value?: unknown): Outcome => ({ value });

/** A range: its address, its length, and how the model judges it. */
function range(machine: Machine, { at, length }: Operation) {
  const address = machine.address(at);
  const bytes = machine.length(length, address);
  const fault = (): Outcome | undefined => {
    const found = machine.model.fault(address.exact, bytes.exact);
    return found === undefined ? undefined : { fault: found, address: address.exact };
  };
  /** As `fault`, but only if the handler does not serve the hole. */
  const refused = () => {
    const found = machine.model.fault(address.exact, bytes.exact);
    return found !== undefined && machine.servesHoles(found, address.exact, bytes.exact) ? undefined : fault();
  };
  /** The bytes, of which the handler was asked for those in holes; its error if it had no answer for a part. */
  const served = (): Uint8Array | Outcome => {
    const loaded = machine.loadServed(address.exact, Number(bytes.exact));
    return loaded.length === Number(bytes.exact) ? loaded : (fault() as Outcome);
  };
  return {
    ...{ address, bytes, fault, refused, served },
    load: () => machine.model.load(address.exact, Number(bytes.exact)),
  };
}

/** Reads into a part of a larger array; what the call must not touch is compared as well. */
function reader(whole: boolean) {
  return (machine: Machine, { kind, at, bytes }: Operation) => {
    const address = machine.address(at);
    const buffer =
      bytes.kind === "shared" ? new SharedArrayBuffer(bytes.length + 8) : new ArrayBuffer(bytes.length + 8);
    const all = new Uint8Array(buffer).fill(0xa5);
    const expected = new Uint8Array(bytes.length + 8).fill(0xa5);
    machine.call(kind, [address, all.subarray(3, 3 + bytes.length)], () => {
      const wanted = BigInt(bytes.length);
      const fault = machine.model.fault(address.exact, wanted);
      const count = Number(machine.model.backed(address.exact, wanted));
      if (fault !== undefined && whole && machine.servesHoles(fault, address.exact, wanted)) {
        const loaded = machine.loadServed(address.exact, bytes.length);
        expected.set(loaded, 3);
        return loaded.length < bytes.length ? { fault, address: address.exact } : ok();
      }
      if (fault !== undefined && (whole || count === 0)) return { fault, address: address.exact };
      expected.set(machine.model.load(address.exact, count), 3);
      return ok(whole ? undefined : count);
    });
    machine.same("bytes read", all.every((byte, index) => byte === expected[index]) ? "right" : show(all), "right");
  };
}

function writer(whole: boolean) {
  return (machine: Machine, { kind, at, bytes }: Operation) => {
    const address = machine.address(at);
    const source = machine.bytes(bytes);
    machine.call(kind, [address, source], () => {
      const wanted = BigInt(source.length);
      const fault = machine.model.fault(address.exact, wanted);
      const count = Number(machine.model.backed(address.exact, wanted));
      if (fault !== undefined && whole && machine.servesHoles(fault, address.exact, wanted)) {
        machine.storeServed(address.exact, source);
        return ok();
      }
      if (fault !== undefined && (whole || count === 0)) return { fault, address: address.exact };
      machine.model.store(address.exact, source.slice(0, count));
      return ok(whole ? undefined : count);
    });
  };
}

/** Asks for views, compares them, and every other time writes through them: guest memory changes, no page is marked. */
function viewer(single: boolean) {
  return (machine: Machine, operation: Operation) => {
    const { address, bytes, fault, load } = range(machine, operation);
    let got: unknown;
    machine.call(operation.kind, [address, bytes], () => {
      const found = fault();
      if (found !== undefined) return found;
      const parts = machine.model.runs(address.exact, bytes.exact);
      if (single && parts.length > 1) return { fault: "CROSSES_REGIONS", address: address.exact };
      const { memory } = machine;
      got = single ? [memory.view(address.given, bytes.given)] : memory.views(address.given, bytes.given);
      const expected = parts.map(({ region, offset, length }) => region.bytes.slice(offset, offset + length));
      return ok(single ? (expected[0] ?? new Uint8Array(0)) : expected);
    });
    if (operation.bits % 2n === 0n || !Array.isArray(got)) return;
    const written = load().map((byte, index) => byte ^ index ^ Number(operation.bits & 0xffn));
    let done = 0;
    for (const view of got as Uint8Array[]) {
      view.set(written.subarray(done, done + view.length));
      done += view.length;
    }
    machine.log.push(`  // written through ${operation.kind}`);
    machine.model.poke(address.exact, written);
  };
}

function copier(named: boolean) {
  return (machine: Machine, operation: Operation) => {
    const { bytes, refused, served, address: from } = range(machine, operation);
    // Half of the targets lie so near that the ranges overlap.
    const near = { ...operation.at, delta: operation.at.delta + Number(operation.bits % 64n) - 32 };
    const to = machine.address(operation.bits & 64n ? near : operation.other);
    machine.call(operation.kind, named ? [to, machine.memory, from, bytes] : [to, from, bytes], () => {
      const found = refused();
      if (found !== undefined) return found;
      const target = machine.model.fault(to.exact, bytes.exact);
      if (target !== undefined && !machine.servesHoles(target, to.exact, bytes.exact)) {
        return { fault: target, address: to.exact };
      }
      const copied = served();
      if (!(copied instanceof Uint8Array)) return copied;
      machine.storeServed(to.exact, copied);
      return ok();
    });
  };
}

export const bulk: Kinds = {
  read: reader(false),
  readSlice: reader(true),
  write: writer(false),
  writeSlice: writer(true),
  view: viewer(true),
  views: viewer(false),

  readBytes(machine, operation) {
    const { address, bytes, refused, served } = range(machine, operation);
    machine.call("readBytes", [address, bytes], () => {
      const found = refused() ?? served();
      return found instanceof Uint8Array ? ok(found) : found;
    });
  },

  fill(machine, operation) {
    const { address, bytes, refused } = range(machine, operation);
    const byte = Number(operation.bits % 600n) - 300;
    machine.call("fill", [address, byte, bytes], () => {
      const found = refused();
      if (found !== undefined) return found;
      machine.storeServed(address.exact, new Uint8Array(Number(bytes.exact)).fill(byte));
      return ok();
    });
  },

  copyWithin: copier(false),
  // From itself: test/unit/access/bulk.test.ts copies between two memories.
  copyFrom: copier(true),

  compare(machine, operation) {
    const { address: a, bytes, fault, load } = range(machine, operation);
    const b = machine.address(operation.bits % 4n === 0n ? operation.at : operation.other);
    machine.call("compare", [a, b, bytes], () => {
      const found = fault();
      if (found !== undefined) return found;
      const second = machine.model.fault(b.exact, bytes.exact);
      if (second !== undefined) return { fault: second, address: b.exact };
      return ok(Buffer.compare(load(), machine.model.load(b.exact, Number(bytes.exact))));
    });
  },

  indexOf(machine, operation) {
    const { address, bytes, fault, load } = range(machine, operation);
    // Half of the needles are a piece of what is searched.
    const searched = address.valid && bytes.valid && fault() === undefined ? load() : new Uint8Array(0);
    const from = searched.length > 0 ? Number(operation.bits % BigInt(searched.length)) : 0;
    const piece = searched.slice(from, from + operation.bytes.length);
    const needle = operation.bits & 1n ? piece : machine.bytes(operation.bytes);
    machine.call("indexOf", [needle, address, bytes], () => {
      const index = Buffer.from(searched).indexOf(needle);
      const found = index < 0 ? -1n : address.exact + BigInt(index);
      // An empty range lies anywhere, and a number cannot say where.
      const rounded = typeof machine.result(found) === "number" && found > BigInt(Number.MAX_SAFE_INTEGER);
      return fault() ?? (rounded ? { fault: "RangeError" } : ok(machine.result(found)));
    });
  },
};
