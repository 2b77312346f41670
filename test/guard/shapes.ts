// Shapes: the properties of a build's objects, each as a line.

import type { Build } from "./build.ts";

/** Every property that an object has, wherever in its chain of prototypes it lies. */
function shapeOf(name: string, object: object): string[] {
  const lines = new Map<PropertyKey, string>();
  const own = new Set(Reflect.ownKeys(object));
  for (let at: object | null = object; at && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) {
    if (at === Function.prototype || at === Event.prototype || at === Error.prototype) break;
    for (const key of Reflect.ownKeys(at)) {
      // An event's own symbols are the engine's; a memory's class has no constructor for users.
      if (key === "constructor" || lines.has(key) || (typeof key === "symbol" && own.has(key))) continue;
      const { get, set, value, writable, enumerable, configurable } = Reflect.getOwnPropertyDescriptor(at, key) ?? {};
      const accessor = `${get ? "getter " : ""}${set ? "setter " : ""}`;
      const length = typeof value === "function" ? ` of ${value.length} arguments` : "";
      const flags = Object.entries({ writable, enumerable, configurable, own: own.has(key) });
      const how = flags.flatMap(([flag, on]) => (on ? [flag] : [])).join(", ");
      lines.set(key, `${name}.${String(key)}: ${accessor || typeof value}${length} ${how}`);
    }
  }
  return [...lines.values()];
}

/** The properties of one object of every public class, and of the module. */
export async function shapes({ lib }: Build): Promise<string[]> {
  await lib.init();
  const memory = lib.GuestMemory.createSync([{ kind: "ram", name: "RAM", start: 0, size: 4096 }]);
  const heard: Event[] = [];
  memory.events.addEventListener("regionremove", (event) => heard.push(event));
  memory.unmap(memory.map({ kind: "ram", start: 0x8000, size: 16 }));
  const objects: Record<string, object | undefined> = {
    GuestMemory: memory,
    GuestRegion: memory.regions[0],
    MappedRegion: memory.mapped[0],
    DirtyLog: memory.dirty,
    DirtyClient: memory.dirty.client("client"),
    Watch: memory.watch(0, 1, { read: true }, () => {}),
    DmaRange: memory.dma(0, 4, "read"),
    MapEvent: heard[0],
    GuestMemoryError: new lib.GuestMemoryError("DISPOSED", "text", { address: 1, completed: 2, cause: 3 }),
    tables: memory.tables,
    "class GuestMemory": lib.GuestMemory,
    exports: Object.fromEntries(Object.entries(lib)),
  };
  const lines = Object.entries(objects).flatMap(([name, object]) => shapeOf(name, object ?? {}));
  memory.dispose();
  return [...lines, ...shapeOf("disposed GuestMemory", memory)];
}
