import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  defaultExports,
  importCycles,
  importTable,
  impurities,
  longFiles,
  nameViolations,
  packageViolations,
  roomViolations,
} from "./support/source-rules.ts";
import type { SourceFile } from "./support/source-rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const files: readonly SourceFile[] = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => `src/${path.replaceAll("\\", "/")}`)
  .sort()
  .map((path) => ({ path, text: read(path) }));
const inRooms = (...rooms: readonly string[]): readonly SourceFile[] =>
  files.filter(({ path }) => rooms.some((room) => path.startsWith(`src/${room}/`)));
const table = importTable(read("docs/architecture.md"));

const MOST_LINES = 300;
/** Files that may be longer, each with its reason. */
const LONG_FILES: ReadonlyMap<string, string> = new Map([]);
/** Rooms without I/O, time or randomness of their own, and the packages that they may use: arithmetic alone. */
const PURE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  milp: [],
  performance: ["ml-matrix"],
  formulation: [],
  planner: [],
  simulator: [],
  comparison: [],
};
const SOLVER_PACKAGES = ["highs", "javascript-lp-solver", "piscina", "ml-matrix", "node:"];

describe("the sources", () => {
  it("are there, in the rooms of docs/architecture.md", () => {
    expect(files.length).toBeGreaterThan(50);
    expect([...table.keys()].sort()).toEqual([
      "catalog",
      "cli",
      "comparison",
      "domain",
      "formulation",
      "milp",
      "performance",
      "planner",
      "report",
      "service",
      "simulator",
      "solver",
      "store",
    ]);
  });

  it("import only the rooms that the table of docs/architecture.md allows", () => {
    expect(roomViolations(files, table)).toEqual([]);
  });

  it("import nothing in circles", () => {
    expect(importCycles(files)).toEqual([]);
  });

  it.each(Object.entries(PURE_ROOMS))(
    "of %s are pure: packages only of %j, no clock, randomness or environment",
    (room, packages) => {
      expect(packageViolations(inRooms(room), packages)).toEqual([]);
      expect(impurities(inRooms(room))).toEqual([]);
    },
  );

  it("of solver use solvers, workers and linear algebra, nothing else", () => {
    expect(packageViolations(inRooms("solver"), SOLVER_PACKAGES)).toEqual([]);
  });

  it("are no longer than 300 lines", () => {
    expect(longFiles(files, MOST_LINES)).toEqual([...LONG_FILES.keys()]);
  });

  it("are named after concepts, and none only passes on others", () => {
    expect(nameViolations(files)).toEqual([]);
  });

  it("have named exports only; the entries of worker threads must have a default one", () => {
    expect(defaultExports(files)).toEqual([
      "src/cli/horizon-worker.ts",
      "src/cli/simulation-worker.ts",
      "src/solver/highs-worker.ts",
    ]);
  });
});

describe("each rule can fail", () => {
  const planted = (path: string, text: string): readonly SourceFile[] => [{ path, text }];
  const rules = importTable(
    [
      "| room | may import |",
      "|---|---|",
      "| domain, milp | nothing of ours |",
      "| planner | domain, milp (types) |",
      "| service, cli | anything but each other |",
    ].join("\n"),
  );

  it.each([
    ["src/domain/a.ts", 'import { b } from "../milp/b.ts";', "domain may not import milp"],
    [
      "src/domain/a.ts",
      'import type { B } from "../planner/b.ts";',
      "domain may not import types of planner",
    ],
    ["src/domain/a.ts", 'export { b } from "../planner/b.ts";', "domain may not import planner"],
    ["src/domain/a.ts", 'const b = await import("../planner/b.ts");', "domain may not import planner"],
    ["src/planner/a.ts", 'import { b } from "../milp/b.ts";', "planner may not import milp"],
    ["src/cli/a.ts", 'import { b } from "../service/b.ts";', "cli may not import service"],
    [
      "src/domain/a.ts",
      'import { b } from "../../test/b.ts";',
      "imports ../../test/b.ts from outside the rooms",
    ],
    ["src/attic/a.ts", "", "is in no room of the table"],
  ])("rooms: %s with %s", (path, text, message) => {
    expect(roomViolations(planted(path, text), rules)).toEqual([`${path}: ${message}`]);
  });

  it("rooms: not on what is allowed", () => {
    expect(roomViolations(planted("src/planner/a.ts", 'import { b } from "../domain/b.ts";'), rules)).toEqual(
      [],
    );
    expect(
      roomViolations(planted("src/planner/a.ts", 'import type { B } from "../milp/b.ts";'), rules),
    ).toEqual([]);
    expect(roomViolations(planted("src/cli/a.ts", 'import { b } from "../planner/b.ts";'), rules)).toEqual(
      [],
    );
  });

  it("circles", () => {
    const circle = [
      ...planted("src/domain/a.ts", 'import { b } from "./b.ts";'),
      ...planted("src/domain/b.ts", 'import { a } from "./a.ts";'),
    ];
    expect(importCycles(circle)).toEqual(["src/domain/a.ts → src/domain/b.ts → src/domain/a.ts"]);
  });

  it("packages", () => {
    const file = planted(
      "src/domain/a.ts",
      'import { readFileSync } from "node:fs";\nimport * as z from "zod";',
    );
    expect(packageViolations(file, [])).toEqual([
      "src/domain/a.ts: imports node:fs",
      "src/domain/a.ts: imports zod",
    ]);
    expect(packageViolations(file, ["node:", "zod"])).toEqual([]);
  });

  it.each([
    "Date.now()",
    "Math.random()",
    "process.env",
    "globalThis.performance.now()",
    "new Date()",
    "setTimeout(f, 1)",
  ])("purity: %s", (text) => {
    expect(impurities(planted("src/domain/a.ts", `const a = ${text};`))).toHaveLength(1);
    expect(impurities(planted("src/domain/a.ts", `// ${text}\nconst a = "${text}";`))).toEqual([]);
  });

  it("length", () => {
    expect(longFiles(planted("src/domain/a.ts", "1;\n".repeat(301)), MOST_LINES)).toEqual([
      "src/domain/a.ts",
    ]);
    expect(longFiles(planted("src/domain/a.ts", "1;\n".repeat(300)), MOST_LINES)).toEqual([]);
  });

  it.each(["index.ts", "types.ts", "string-utils.ts", "helper.ts", "common.ts", "node-manager.ts"])(
    "names: %s",
    (name) => {
      expect(nameViolations(planted(`src/domain/${name}`, "export const a = 1;"))).toHaveLength(1);
    },
  );

  it("barrels and default exports", () => {
    expect(nameViolations(planted("src/domain/a.ts", 'export { b } from "./b.ts";'))).toHaveLength(1);
    for (const text of [
      "export default 1;",
      "export default function f() {}",
      "const a = 1;\nexport { a as default };",
    ]) {
      expect(defaultExports(planted("src/domain/a.ts", text))).toEqual(["src/domain/a.ts"]);
    }
  });
});
