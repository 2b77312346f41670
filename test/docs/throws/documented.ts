// What the public documentation promises to throw: codes of GuestMemoryError, TypeError and RangeError, by name.
import { textOf } from "../pages.ts";
import { publicNames } from "../public-names.ts";

/** The errors that the documentation of a name promises. */
interface Promised {
  /** Those that it names itself. */
  readonly own: readonly string[];
  /** The names whose errors it includes: "as {@link init}". */
  readonly links: readonly string[];
}

const names = publicNames();

/** The codes, as the documentation of their type lists them. */
export const codes: ReadonlySet<string> = new Set(
  [...(names.find(({ name }) => name === "GuestMemoryErrorCode")?.description ?? "").matchAll(/^- `(\w+)`:/gm)].map(
    ([, code = ""]) => code,
  ),
);

/** The errors that a text names. */
function errorsIn(text: string): string[] {
  const all = [...text.matchAll(/`([A-Z_]+)`|\b(TypeError|RangeError)\b/g)].map(
    ([, code, error]) => code ?? error ?? "",
  );
  return [...new Set(all.filter((error) => codes.has(error) || error.endsWith("Error")))];
}

const linksIn = (text: string) =>
  [...text.matchAll(/\{@link\s+([\w.\s]+)\}/g)].map(([, name = ""]) => name.replace(/\s/g, ""));

/** The documentation of an interface that methods refer to: "Errors: see {@link ScalarAccess}". */
function ofInterface(file: string, name: string): string {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*export interface ${name} `, "s").exec(textOf(file));
  return comment?.[1]?.replace(/^\s*\*/gm, "") ?? "";
}

/** Interfaces whose description says what their accesses throw. */
const described: [name: string, text: string][] = [
  ["ScalarAccess", ofInterface("ts/access/scalar-access.ts", "ScalarAccess")],
  ["AtomicAccess", ofInterface("ts/access/atomic-access.ts", "AtomicAccess")],
  ...["Device", "OnUnmapped"].map((name): [string, string] => [
    name,
    names.find((each) => each.name === name)?.description ?? "",
  ]),
];

export const promised: ReadonlyMap<string, Promised> = new Map([
  ...names
    .filter(({ throws }) => throws.length > 0)
    .map(({ name, throws }): [string, Promised] => {
      const text = throws.join("\n");
      return [name, { own: errorsIn(text), links: linksIn(text) }];
    }),
  ...described.map(([name, text]): [string, Promised] => [name, { own: errorsIn(text), links: [] }]),
]);

/** The errors of a name and of the names that it links to. */
export function allOf(name: string): Set<string> {
  const { own = [], links = [] } = promised.get(name) ?? {};
  return new Set([...own, ...links.flatMap((link) => [...allOf(link)])]);
}
