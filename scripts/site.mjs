// Builds the reference site into .cache/site/: TypeDoc's pages for ts/, with README, docs/ and the guides among them, rustdoc's for
// crate/, and an index of both. A warning is an error, and so is a link that leads nowhere.
//
//     npm run docs
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Application, Converter, DocumentReflection, PageEvent, ReflectionKind } from "typedoc";
import { run } from "./process.mjs";
import { rows } from "./rows.mjs";
import { brokenLinks } from "./site-links.mjs";
import { root } from "./toolchain.mjs";

const site = join(root, ".cache", "site");

/** The Markdown pages, the guides first. rustdoc has the crate's guide. */
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root })
  .toString()
  .trim()
  .split("\n")
  .filter((page) => page !== "README.md" && !page.startsWith("crate/"))
  .sort((a, b) => Number(b.startsWith("docs/guides/")) - Number(a.startsWith("docs/guides/")));

/** A page's heading, which is its name in the site. @param {string} page */
const titleOf = (page) => /^# (.+)$/m.exec(readFileSync(join(root, page), "utf8"))?.[1] ?? page;

/** Types that a signature names, and that a reader finds at the place of use. */
const helpers = ["Declared", "ErrorDetails", "Listener", "ListenerOptions", "Listening", "Placed", "REGION_KINDS"];

/**
 * The text of a page without its links to folders, which the site does not have.
 * @param {import("typedoc").CommentDisplayPart[]} parts
 * @param {import("typedoc").FileRegistry} files
 */
function withoutFolders(parts, files) {
  for (const [index, part] of parts.entries()) {
    if (part.kind !== "relative-link" || part.target === undefined) continue;
    const path = files.resolvePath(/** @type {import("typedoc").FileId} */ (part.target));
    const [before, after] = [parts[index - 1], parts[index + 1]];
    if (path === undefined || !statSync(path).isDirectory() || !before || !after) continue;
    before.text = before.text.replace(/\[([^[\]]*)\]\($/, "$1");
    after.text = after.text.replace(/^\)/, "");
    parts[index] = { kind: "text", text: "" };
  }
}

/** TypeDoc's part of the site. Gives the places of the Markdown pages, by their titles. */
async function buildTypes() {
  const app = await Application.bootstrap({
    name: "guest-memory",
    entryPoints: ["scripts/reference.ts", "ts/inline.ts", "ts/rewind.ts", "ts/snapshot.ts", "ts/vite.ts"],
    tsconfig: "tsconfig.json",
    readme: "README.md",
    projectDocuments: pages,
    skipErrorChecking: true, // tsc does it
    disableSources: true,
    excludePrivate: true,
    sort: ["source-order"],
    intentionallyNotExported: helpers,
    highlightLanguages: ["typescript", "javascript", "json", "rust", "toml", "console"],
    ignoredHighlightLanguages: ["wat"],
    validation: { invalidPath: false }, // brokenLinks() looks at all of them
    treatWarningsAsErrors: true,
    out: join(site, "ts"),
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const names = new Map([
      ["scripts/reference", "guest-memory"],
      ["ts/inline", "guest-memory/inline"],
      ["ts/rewind", "guest-memory/rewind"],
      ["ts/snapshot", "guest-memory/snapshot"],
      ["ts/vite", "guest-memory/vite"],
    ]);
    for (const module of project.getReflectionsByKind(ReflectionKind.Module))
      module.name = names.get(module.name) ?? module.name;
    const texts = project.getReflectionsByKind(ReflectionKind.Document);
    for (const page of texts) {
      if (!(page instanceof DocumentReflection)) continue;
      withoutFolders(page.content, project.files);
      page.name = titleOf(`${page.name}.md`);
    }
    if (project.readme) withoutFolders(project.readme, project.files);
  });
  // The comment of `guest-memory/inline` names `init`, of another entry: it stays a word.
  app.converter.addUnknownSymbolResolver(({ symbolReference }) =>
    symbolReference?.path?.at(-1)?.path === "init" ? "#" : undefined,
  );
  /** @type {Map<string, string>} */
  const places = new Map();
  app.renderer.on(PageEvent.END, ({ model, url }) => {
    if (model instanceof DocumentReflection) places.set(model.name, url);
  });
  const project = await app.convert();
  if (project) {
    app.validate(project);
    await app.generateOutputs(project);
  }
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("TypeDoc has found faults.");
  return places;
}

/** rustdoc's part, by the row that looks for its warnings. Gives the crates. */
function buildCrates() {
  const row = rows.test["cargo doc"];
  if (row === undefined || typeof row === "string")
    throw new Error("rows.mjs has no row that builds the crates' pages");
  const made = join(root, "target", "doc");
  rmSync(made, { recursive: true, force: true });
  run(row.run, [], { shell: true, cwd: root, env: { ...process.env, ...row.env } });
  cpSync(made, join(site, "rust"), { recursive: true });
  const index = `<!doctype html><meta http-equiv="refresh" content="0; url=../index.html"><a href="../index.html">guest-memory</a>\n`;
  writeFileSync(join(site, "rust", "index.html"), index); // for rustdoc's links to all crates
  return readdirSync(made).filter((name) => existsSync(join(made, name, "index.html")) && name !== "src");
}

/** @param {string} title @param {[text: string, url: string][]} links */
const list = (title, links) =>
  `<h2>${title}</h2><ul>${links.map(([text, url]) => `<li><a href="${url}">${text}</a></li>`).join("")}</ul>`;

/** The index. @param {Map<string, string>} documents the Markdown pages' places, by their titles @param {string[]} crates */
function writeIndex(documents, crates) {
  /** @param {string[]} files @returns {[string, string][]} */
  const linksTo = (files) => files.map((file) => [titleOf(file), `ts/${documents.get(titleOf(file))}`]);
  const isGuide = (/** @type {string} */ page) => page.startsWith("docs/guides/");
  const parts = [
    list("Start", [["README", "ts/index.html"]]),
    list("Guides", linksTo(pages.filter(isGuide))),
    list("TypeScript", [
      [
        "guest-memory, guest-memory/inline, guest-memory/rewind, guest-memory/snapshot, guest-memory/vite",
        "ts/modules.html",
      ],
    ]),
    list(
      "Rust",
      crates.map((name) => [name, `rust/${name}/index.html`]),
    ),
    list("Pages", linksTo(pages.filter((page) => !isGuide(page)))),
  ];
  const style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}";
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>guest-memory</title>`;
  const html = `<!doctype html><html lang="en">${head}<style>${style}</style><h1>guest-memory</h1>${parts.join("")}</html>\n`;
  writeFileSync(join(site, "index.html"), html);
}

rmSync(site, { recursive: true, force: true });
const documents = await buildTypes();
writeIndex(documents, buildCrates());
// rustdoc names lists that are empty, and ts/media/ has copies of the sources that pages link to.
const broken = brokenLinks(site).filter((link) => !/\/trait\.impl\/|^ts.media./.test(link));
if (broken.length > 0) throw new Error(`Links that lead nowhere:\n${broken.join("\n")}`);
console.log(`The reference is in ${join(site, "index.html")}`);
