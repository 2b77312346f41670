// Declarations: each public name of a build's dist/index.d.ts with its type, each as a line. A class has what it inherits,
// so that one that is put together from parts reads the same. Comments do not count.

import { join } from "node:path";
import ts from "typescript";

const FLAGS = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;
const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

export function declarations(folder: string): string[] {
  const index = join(folder, "dist", "index.d.ts");
  const program = ts.createProgram([index], {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(index);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${index} is no module`);
  const lines: string[] = [];
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    lines.push(...linesOf(exported.name, symbol, checker));
  }
  return lines;
}

function linesOf(name: string, symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const parameters = symbol.declarations?.[0] && parametersOf(symbol.declarations[0]);
  if (symbol.flags & ts.SymbolFlags.TypeAlias) return [`type ${name}${parameters} = ${alias(type, checker)}`];
  if ((symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) === 0) {
    return [`${name}: ${typeOf(symbol, checker)}`];
  }
  const members = checker.getPropertiesOfType(type).filter(isPublic);
  const lines = members.map((member) => `${name}.${described(member, checker)}`);
  const kind = symbol.flags & ts.SymbolFlags.Class ? "class" : "interface";
  const foreign = checker.getBaseTypes(type as ts.InterfaceType).map((base) => checker.typeToString(base));
  // A base class of the library's own shows in the members; one of the engine's, as Error, is said.
  const engine = foreign.filter((base) => ["Error", "Event"].includes(base)).map((base) => ` extends ${base}`);
  lines.push(`${kind} ${name}${parameters}${engine.join("")}`);
  if (kind === "interface") return lines;
  const statics = checker.getTypeOfSymbol(symbol);
  for (const maker of statics.getConstructSignatures()) {
    const how = maker.declaration && ts.getCombinedModifierFlags(maker.declaration) & HIDDEN ? "hidden " : "";
    lines.push(`${how}new ${name}${checker.signatureToString(maker, undefined, FLAGS)}`);
  }
  const own = [...(symbol.exports?.values() ?? [])].filter((member) => !(member.flags & ts.SymbolFlags.Prototype));
  return [...lines, ...own.filter(isPublic).map((member) => `static ${name}.${described(member, checker)}`)];
}

/** `<A extends number | bigint = number>`. */
function parametersOf(declaration: ts.Declaration): string {
  const { typeParameters } = declaration as ts.InterfaceDeclaration;
  return typeParameters ? `<${typeParameters.map((parameter) => parameter.getText()).join(", ")}>` : "";
}

/** What an alias stands for. */
function alias(type: ts.Type, checker: ts.TypeChecker): string {
  const text = (part: ts.Type) =>
    inOrder(checker.typeToString(part, undefined, FLAGS | ts.TypeFormatFlags.InTypeAlias));
  return type.isUnion() ? type.types.map(text).sort().join(" | ") : text(type);
}

/** A type's text with the strings of each union sorted: their order depends on what the compiler read before. */
function inOrder(text: string): string {
  return text.replaceAll(/"[^"]*"(?: \| "[^"]*")+/g, (union) => union.split(" | ").sort().join(" | "));
}

function described(member: ts.Symbol, checker: ts.TypeChecker): string {
  const { flags } = member;
  const declaration = member.declarations?.[0];
  const readonly = declaration && ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly;
  // A getter alone is a property that is only read: an interface declares it so.
  const getter = (flags & ts.SymbolFlags.Accessor) === ts.SymbolFlags.GetAccessor;
  const what = readonly || getter ? "readonly " : "";
  const optional = flags & ts.SymbolFlags.Optional ? "?" : "";
  return `${what}${checker.symbolToString(member)}${optional}: ${typeOf(member, checker)}`;
}

function typeOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return inOrder(checker.typeToString(checker.getTypeOfSymbol(symbol), undefined, FLAGS));
}

/** Not private, and not the engine's own. */
function isPublic({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((declaration) => {
    if (declaration.getSourceFile().fileName.includes("/node_modules/")) return false;
    if (ts.getCombinedModifierFlags(declaration) & HIDDEN) return false;
    const name = ts.getNameOfDeclaration(declaration);
    return name === undefined || !ts.isPrivateIdentifier(name);
  });
}
