/** Reads TypeScript sources and says which rules of docs/architecture.md and docs/style they break. Works on texts, so that it can be tested. */
import ts from "typescript";

/** A source file: its path from the repository's root, with slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a room may import: rooms, and those of them from which only types. */
export interface RoomRule {
  readonly rooms: ReadonlySet<string>;
  readonly typesOnly: ReadonlySet<string>;
}

/** `may` is null for a composition root, which imports anything but the other one. */
export type ImportTable = ReadonlyMap<string, RoomRule | null>;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** The table "room | may import" of docs/architecture.md. */
export function importTable(markdown: string): ImportTable {
  const lines = markdown.split("\n");
  const header = lines.findIndex((line) => /^\|\s*room\s*\|\s*may import\s*\|/.test(line));
  if (header === -1) throw new Error("docs/architecture.md has no table | room | may import |");
  const table = new Map<string, RoomRule | null>();
  for (const line of lines.slice(header + 2)) {
    const [, left, right] = /^\|([^|]+)\|([^|]+)\|\s*$/.exec(line) ?? [];
    if (left === undefined || right === undefined) break;
    const names = right.includes("nothing") ? [] : right.split(",").map((name) => name.trim());
    const rule: RoomRule = {
      rooms: new Set(names.map((name) => name.replace(/\s*\(types\)$/, ""))),
      typesOnly: new Set(
        names.filter((name) => name.endsWith("(types)")).map((name) => name.replace(/\s*\(types\)$/, "")),
      ),
    };
    for (const room of left.split(",")) table.set(room.trim(), right.includes("anything") ? null : rule);
  }
  return table;
}

/** Imports across rooms that the table does not allow, and files in no room. */
export function roomViolations(files: readonly SourceFile[], table: ImportTable): readonly string[] {
  const roots = [...table].flatMap(([room, rule]) => (rule === null ? [room] : []));
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    const rule = room === undefined ? undefined : table.get(room);
    if (room === undefined || rule === undefined) return [`${file.path}: is in no room of the table`];
    return importsOf(file).flatMap(({ specifier, typeOnly }) => {
      const target = resolved(file.path, specifier);
      const other = target === undefined ? undefined : roomOf(target);
      if (target === undefined || other === room) return [];
      if (other === undefined) return [`${file.path}: imports ${specifier} from outside the rooms`];
      const allowed =
        rule === null
          ? !roots.includes(other)
          : rule.rooms.has(other) && (typeOnly || !rule.typesOnly.has(other));
      return allowed ? [] : [`${file.path}: ${room} may not import ${typeOnly ? "types of " : ""}${other}`];
    });
  });
}

/** Packages that files import beside the allowed ones; `node:` stands for all of Node's own modules. */
export function packageViolations(
  files: readonly SourceFile[],
  allowed: readonly string[],
): readonly string[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => !specifier.startsWith("."))
      .filter(
        ({ specifier }) =>
          !allowed.some((name) => specifier === name || (name === "node:" && specifier.startsWith(name))),
      )
      .map(({ specifier }) => `${file.path}: imports ${specifier}`),
  );
}

const IMPURE = new Set(["Date.now", "Math.random", "process.env", "process.hrtime", "performance.now"]);
const IMPURE_CALLS = new Set(["fetch", "setTimeout", "setInterval", "setImmediate"]);

/** Reads of the clock, of randomness and of the environment. */
export function impurities(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const found: string[] = [];
    const visit = (syntax: ts.Node): void => {
      if (ts.isPropertyAccessExpression(syntax)) {
        const text = `${syntax.expression.getText()}.${syntax.name.text}`.replace(/^globalThis\./, "");
        if (IMPURE.has(text)) found.push(`${file.path}: ${text}`);
      }
      if (ts.isNewExpression(syntax) && syntax.expression.getText() === "Date" && !syntax.arguments?.length) {
        found.push(`${file.path}: new Date()`);
      }
      if (ts.isCallExpression(syntax) && IMPURE_CALLS.has(syntax.expression.getText())) {
        found.push(`${file.path}: ${syntax.expression.getText()}`);
      }
      ts.forEachChild(syntax, visit);
    };
    visit(parsed(file));
    return found;
  });
}

/** Cycles of imports, each written once; imports of types alone do not run and do not count. */
export function importCycles(files: readonly SourceFile[]): readonly string[] {
  const paths = new Set(files.map(({ path }) => path));
  const targets = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ typeOnly }) => !typeOnly)
        .flatMap(({ specifier }) => resolved(file.path, specifier) ?? [])
        .filter((target) => paths.has(target)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) cycles.push([...trail.slice(start), path].join(" → "));
    if (start !== -1 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of paths) walk(path, []);
  return cycles;
}

/** Default exports. */
export function defaultExports(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const isDefault = (statement: ts.Statement): boolean =>
      ts.isExportAssignment(statement) ||
      (ts.canHaveModifiers(statement) &&
        (ts.getModifiers(statement) ?? []).some(
          (modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword,
        )) ||
      (ts.isExportDeclaration(statement) &&
        statement.exportClause !== undefined &&
        ts.isNamedExports(statement.exportClause) &&
        statement.exportClause.elements.some((element) => element.name.text === "default"));
    return parsed(file).statements.some(isDefault) ? [file.path] : [];
  });
}

const BANNED_NAMES = new Set(["index", "types"]);
const BANNED_WORDS = new Set(["util", "utils", "helper", "helpers", "common", "manager", "managers"]);

/** Files named after no concept, and files that only pass on others. */
export function nameViolations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const name = (file.path.split("/").at(-1) ?? "").replace(/\.ts$/, "");
    const banned = BANNED_NAMES.has(name) || name.split("-").some((word) => BANNED_WORDS.has(word));
    const { statements } = parsed(file);
    const barrel =
      statements.length > 0 &&
      statements.every(
        (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined,
      );
    return [
      ...(banned ? [`${file.path}: is named after no concept`] : []),
      ...(barrel ? [`${file.path}: is a barrel file`] : []),
    ];
  });
}

/** Files longer than `most` lines. */
export function longFiles(files: readonly SourceFile[], most: number): readonly string[] {
  return files.filter(({ text }) => text.trimEnd().split("\n").length > most).map(({ path }) => path);
}

const syntaxTrees = new WeakMap<SourceFile, ts.SourceFile>();

/** Each file is parsed once. */
function parsed(file: SourceFile): ts.SourceFile {
  const known = syntaxTrees.get(file);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  syntaxTrees.set(file, tree);
  return tree;
}

/** Static imports, re-exports and dynamic imports of a literal. */
function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  const visit = (syntax: ts.Node): void => {
    if (
      (ts.isImportDeclaration(syntax) || ts.isExportDeclaration(syntax)) &&
      syntax.moduleSpecifier !== undefined
    ) {
      const typeOnly = ts.isImportDeclaration(syntax)
        ? syntax.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : syntax.isTypeOnly;
      if (ts.isStringLiteral(syntax.moduleSpecifier))
        found.push({ specifier: syntax.moduleSpecifier.text, typeOnly });
    }
    if (ts.isCallExpression(syntax) && syntax.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = syntax.arguments;
      if (specifier !== undefined && ts.isStringLiteral(specifier)) {
        found.push({ specifier: specifier.text, typeOnly: false });
      }
    }
    ts.forEachChild(syntax, visit);
  };
  visit(parsed(file));
  return found;
}

/** `src/<room>/…` */
const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];

/** The path that a relative specifier means; undefined for a package. */
function resolved(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const parts = from.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  return parts.join("/");
}
