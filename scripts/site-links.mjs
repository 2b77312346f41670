// The links of a built site: each that leads into the site leads to a file.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** An attribute of HTML as text. @param {string} text */
const unescaped = (text) => text.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/").replaceAll("&#39;", "'");

/**
 * The links of a page that lead into the site, without their anchors.
 * @param {string} html
 */
function linksIn(html) {
  const withoutCode = html.replace(/<script[^>]*>.*?<\/script>/gs, (script) =>
    script.slice(0, script.indexOf(">") + 1),
  );
  const all = [...withoutCode.matchAll(/<[a-z][^>]*?\s(?:href|src)=(?:"([^"]*)"|'([^']*)')/gi)];
  const links = all.map(([, double, single]) => unescaped(double ?? single ?? "").replace(/[?#].*/s, ""));
  return links.filter((link) => link !== "" && !/^[a-z][a-z+.-]*:|^\/\//i.test(link));
}

/**
 * The links that lead nowhere, as "page: link".
 * @param {string} folder the site
 */
export function brokenLinks(folder) {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));
  return pages.flatMap((page) => {
    const links = new Set(linksIn(readFileSync(join(folder, page), "utf8")));
    return [...links]
      .filter((link) => !isFile(folder, join(folder, dirname(page), decodeURIComponent(link))))
      .map((link) => `${page}: ${link}`);
  });
}

/** Whether a path is a file of the site, or a folder with an index. @param {string} folder @param {string} path */
function isFile(folder, path) {
  if (relative(folder, path).startsWith("..") || !existsSync(path)) return false;
  return statSync(path).isFile() || existsSync(join(path, "index.html"));
}
