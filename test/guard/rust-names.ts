// Rust's public names of a folder's packages, as rustdoc knows them: the path of everything public, each as a line.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/process.mjs";

interface Item {
  name: string | null;
  visibility: string | object;
  inner: Record<string, Inner>;
}

interface Inner {
  items?: number[];
  impls?: number[];
  variants?: number[];
  kind?: string | Record<string, { fields?: (number | null)[] } | (number | null)[]>;
  /** Of a `use`. */
  source?: string;
  name?: string;
  id?: number | null;
  is_glob?: boolean;
  /** Of an `impl`. */
  trait?: { path: string } | null;
  for?: { resolved_path?: { path: string; id: number } };
  is_synthetic?: boolean;
  blanket_impl?: object | null;
}

interface Crate {
  root: number;
  index: Record<string, Item>;
}

/** The packages, each with all that native code can use of it. */
const PACKAGES = ["guest-memory", "vm-memory"] as const;
const FEATURES = "backend-atomic,backend-bitmap,backend-mmap,iommu,rawfd";

/** @param target where cargo builds. */
export function rustNames(folder: string, target: string): string[] {
  return PACKAGES.flatMap((name) => {
    const words = [
      "rustdoc",
      "--quiet",
      "--locked",
      "-p",
      name,
      "--lib",
      "--no-default-features",
      "--features",
      FEATURES,
    ];
    run("cargo", [...words, "--", "-Zunstable-options", "--output-format", "json", "--cap-lints", "allow"], {
      cwd: folder,
      env: { ...process.env, CARGO_TARGET_DIR: target, RUSTC_BOOTSTRAP: "1" }, // JSON needs a nightly, or this
      quiet: true,
    });
    const path = name.replace("-", "_");
    const crate = JSON.parse(readFileSync(join(target, "doc", `${path}.json`), "utf8")) as Crate;
    const lines = new Set<string>();
    collect(crate, crate.root, path, lines, []);
    return [...lines];
  });
}

/** Adds an item under the path that users write, and what is in it. */
function collect(crate: Crate, id: number, path: string, lines: Set<string>, above: readonly number[]): void {
  const item = crate.index[id];
  if (item === undefined || above.includes(id)) return;
  const [[kind, inner] = ["", {}]] = Object.entries(item.inner);
  const inside = [...above, id];
  if (kind === "use") {
    const { source = "", name = "", id: target, is_glob = false } = inner;
    const known = target !== null && target !== undefined && crate.index[target] !== undefined;
    const parent = path.slice(0, path.lastIndexOf("::"));
    if (known && !is_glob) collect(crate, target, `${parent}::${name}`, lines, inside);
    else if (known)
      for (const each of itemsOf(crate, target)) collect(crate, each, join2(parent, crate, each), lines, inside);
    else lines.add(`${parent}::${is_glob ? "*" : name} is ${source}`);
    return;
  }
  lines.add(`${kind} ${path}`);
  for (const each of itemsOf(crate, id)) {
    if (isPublic(crate, each, kind)) collect(crate, each, join2(path, crate, each), lines, inside);
  }
  for (const each of inner.impls ?? []) {
    const made = crate.index[each]?.inner.impl;
    if (made === undefined || made.is_synthetic || made.blanket_impl) continue;
    if (made.trait) lines.add(`${path}: ${made.trait.path}`);
    else
      for (const one of made.items ?? [])
        if (isPublic(crate, one, "impl")) collect(crate, one, join2(path, crate, one), lines, inside);
  }
}

function join2(path: string, crate: Crate, id: number): string {
  return `${path}::${crate.index[id]?.name ?? "use"}`;
}

/** What a module, a trait, a struct or an enum holds. */
function itemsOf(crate: Crate, id: number): number[] {
  const [inner = {}] = Object.values(crate.index[id]?.inner ?? {});
  const { items = [], variants = [], kind } = inner;
  const fields = Object.values(typeof kind === "object" ? kind : {}).flatMap((found) => {
    return Array.isArray(found) ? found : (found.fields ?? []);
  });
  return [...items, ...variants, ...fields.filter((field) => field !== null)];
}

/** A trait's items and an enum's variants are as public as it is. */
function isPublic(crate: Crate, id: number, above: string): boolean {
  return above === "trait" || above === "enum" || crate.index[id]?.visibility === "public";
}
