// Every public name of the package: the exports of its entries, and the members of its classes and interfaces, with the
// inherited ones.
import { join, relative } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/toolchain.mjs";

/** A name as a user writes it, and what its doc comment says. */
export interface PublicName {
  readonly name: string;
  /** Its file and line, for the reader of a failure. */
  readonly place: string;
  readonly description: string;
  /** The text of each `@example`. */
  readonly examples: readonly string[];
  /** The text of each `@throws`. */
  readonly throws: readonly string[];
  /** A constructor has no name of its own: the class's example shows how to get one. */
  readonly isConstructor: boolean;
  /** A field holds data and does nothing, so that a description is enough. */
  readonly isField: boolean;
}

/** The package's entries, by the names that users import. */
const entries = {
  "guest-memory": join(root, "ts", "index.ts"),
  "guest-memory/inline": join(root, "ts", "inline.ts"),
  "guest-memory/rewind": join(root, "ts", "rewind.ts"),
  "guest-memory/snapshot": join(root, "ts", "snapshot.ts"),
  "guest-memory/vite": join(root, "ts", "vite.ts"),
};

const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);

/** The compiler's options of tsconfig.json, for TypeScript alone. */
export const compilerOptions: ts.CompilerOptions = {
  ...ts.parseJsonConfigFileContent(config, ts.sys, root).options,
  allowJs: false,
  checkJs: false,
};

const parsed = new Map<string, ts.SourceFile | undefined>();

/** A host that parses each file once, whichever program asks. */
export function compilerHost(): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions, true);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) => {
    if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...rest));
    return parsed.get(name);
  };
  return host;
}

export function publicNames(): PublicName[] {
  const declarations = join(root, "ts", "base64.d.ts");
  const program = ts.createProgram([...Object.values(entries), declarations], compilerOptions, compilerHost());
  const checker = program.getTypeChecker();

  const names = new Map<ts.Node | undefined, PublicName>();
  const add = (name: string, symbol: ts.Symbol): void => {
    const declaration = symbol.declarations?.[0];
    if (names.has(declaration)) return; // inherited, and seen in another class
    const tags = (name: string) =>
      symbol
        .getJsDocTags(checker)
        .filter((tag) => tag.name === name)
        .map((tag) => ts.displayPartsToString(tag.text));
    names.set(declaration, {
      name,
      place: placeOf(symbol),
      description: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
      examples: tags("example"),
      throws: tags("throws"),
      isConstructor: (symbol.flags & ts.SymbolFlags.Constructor) !== 0,
      isField: isField(symbol, checker),
    });
  };

  for (const [entry, file] of Object.entries(entries)) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = exported.name === "default" ? entry : exported.name;
      add(name, symbol);
      for (const member of membersOf(symbol, checker)) add(`${name}.${memberName(member)}`, member);
    }
  }
  return [...names.values()];
}

/** What a class or an interface has and inherits, and what a class has itself. */
function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol[] {
  if ((symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) === 0) return [];
  const inherited = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const maker = symbol.members?.get(ts.InternalSymbolName.Constructor);
  const all = [...inherited, ...(maker ? [maker] : []), ...(symbol.exports?.values() ?? [])];
  return all.filter(isPublic);
}

/** Not private, and written by us. */
function isPublic(symbol: ts.Symbol): boolean {
  const declaration = symbol.declarations?.[0];
  if (declaration === undefined || symbol.flags & ts.SymbolFlags.Prototype) return false;
  if (!declaration.getSourceFile().fileName.startsWith(join(root, "ts"))) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (ts.getCombinedModifierFlags(declaration) & hidden) return false;
  const name = ts.getNameOfDeclaration(declaration);
  return name === undefined || !ts.isPrivateIdentifier(name);
}

/** Whether a symbol is a property that cannot be called. A getter is not a field: it may compute and throw. */
function isField(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  if ((symbol.flags & ts.SymbolFlags.Property) === 0) return false;
  return checker.getNonNullableType(checker.getTypeOfSymbol(symbol)).getCallSignatures().length === 0;
}

/** `collect`, `[Symbol.dispose]`, `constructor`. */
function memberName(symbol: ts.Symbol): string {
  const name = symbol.declarations?.[0] && ts.getNameOfDeclaration(symbol.declarations[0]);
  return name?.getText() ?? "constructor";
}

function placeOf(symbol: ts.Symbol): string {
  const declaration = symbol.declarations?.[0];
  if (declaration === undefined) return "nowhere";
  const file = declaration.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
  return `${relative(root, file.fileName)}:${line + 1}`;
}
