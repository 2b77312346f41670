// The text of the library's objects in console.log of Node.js, Deno and Bun. A browser's console shows its own.

/** The symbol by which console.log asks an object for its text (Node.js' documentation of util.inspect). */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Makes console.log show, behind a class's name, the text or the data that `of` gives for an object of the class. */
export function showAs<T extends object>(
  shown: { readonly prototype: T },
  name: string,
  of: (object: T) => unknown,
): void {
  function custom(this: T, _depth: number, options: object, inspect?: (value: unknown, options: object) => string) {
    const value = of(this);
    if (typeof value === "string") return `${name} ${value}`;
    return inspect ? `${name} ${inspect(value, options)}` : value;
  }
  Object.defineProperty(shown.prototype, INSPECT, { value: custom, configurable: true, writable: true });
}
