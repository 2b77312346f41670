// What tests read in a page of Markdown.

/** The links of a page that are relative: to a file, or to a heading. */
export const linksOf = (text: string) =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !link.includes("://"));
