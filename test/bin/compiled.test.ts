/** bin/compiled.js in a checkout of its own: what it compiles is what is there, and nothing is left half-done. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finished } from "../end-to-end/run-process.ts";

/** Its number on Linux and most others. */
const NOBODY = 65_534;
const root = fileURLToPath(new URL("../../", import.meta.url));
const checkout = mkdtempSync(join(tmpdir(), "berth-checkout-"));
const run = (as: { readonly uid?: number } = {}) =>
  spawnSync(process.execPath, ["bin/berth.js"], { cwd: checkout, encoding: "utf8", ...as });
const compiled = () => readdirSync(checkout).filter((name) => /^\.compil(ed|ing)-/.test(name));
const writeMain = (text: string): void => {
  writeFileSync(join(checkout, "src/cli/main.ts"), text);
};

beforeAll(() => {
  cpSync(join(root, "bin"), join(checkout, "bin"), { recursive: true });
  writeFileSync(join(checkout, "package.json"), '{"type": "module"}');
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  mkdirSync(join(checkout, "src/cli"), { recursive: true });
  mkdirSync(join(checkout, "src/words"));
  writeFileSync(join(checkout, "src/words/word.txt"), "Hello");
  writeFileSync(
    join(checkout, "src/words/word.ts"),
    'import { readFileSync } from "node:fs";\nexport const word: string = readFileSync(new URL("word.txt", import.meta.url), "utf8");\n',
  );
  writeMain('import { word } from "../words/word.ts";\nconsole.log(word as string);\n');
});
afterAll(() => {
  rmSync(checkout, { recursive: true });
});

describe("the sources", () => {
  it("are compiled once, with what they read beside themselves", () => {
    expect(run()).toMatchObject({ status: 0, stdout: "Hello\n", stderr: "" });
    expect(compiled()).toHaveLength(1);
    const before = compiled();
    expect(run()).toMatchObject({ status: 0, stdout: "Hello\n", stderr: "" });
    expect(compiled()).toEqual(before);
  });

  it("are compiled anew after an edit; what was compiled long ago is removed", () => {
    const [old] = compiled();
    utimesSync(join(checkout, old ?? ""), new Date(0), new Date(0));
    writeMain('console.log("edited");\n');
    expect(run()).toMatchObject({ status: 0, stdout: "edited\n", stderr: "" });
    expect(compiled()).toHaveLength(1);
    expect(compiled()).not.toContain(old);
  });

  it("are compiled by several at once, which leave one folder and no drafts", async () => {
    writeMain('console.log("both");\n');
    const children = [1, 2, 3].map(() => spawn(process.execPath, ["bin/berth.js"], { cwd: checkout }));
    const ends = await Promise.all(children.map(finished));
    expect(ends).toEqual([1, 2, 3].map(() => ({ exitCode: 0, stdout: "both\n", stderr: "" })));
    expect(compiled().filter((name) => name.startsWith(".compiling"))).toEqual([]);
  });

  it("are run through a loader where nothing can be written, which is said", () => {
    writeMain('console.log("slowly" as string);\n');
    const before = compiled();
    chmodSync(checkout, 0o555);
    // Root may write everywhere.
    const { status, stdout, stderr } = run(process.getuid?.() === 0 ? { uid: NOBODY } : {});
    chmodSync(checkout, 0o755);
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "slowly\n" });
    expect(stderr).toContain("nothing can be written to");
    expect(stderr).toContain("node bin/compile.js");
    expect(compiled()).toEqual(before);
  });

  it("that do not compile are named, and nothing of them is left", () => {
    const before = compiled();
    writeMain("const = ;\n");
    const { status, stderr } = run();
    expect(status).not.toBe(0);
    expect(stderr).toContain("src/cli/main.ts:1:6");
    expect(compiled()).toEqual(before);
  });
});
