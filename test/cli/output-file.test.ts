import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inThisProcess } from "../support/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-output-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const PROTOTYPE = "instances/scenarios/prototype-2019.json";
const CAMPAIGN = ["campaign", "--nodes", "1", "--seeds", "1", "--policy", "fifo", "--out"];

mkdirSync(join(folder, "full", "report.txt"), { recursive: true });
mkdirSync(join(folder, "taken-differences.csv"));
writeFileSync(join(folder, "file"), "");

it("berth generate refuses a start after which jobs are due in no year that it can write", async () => {
  const { exitCode, stdout, stderr } = await inThisProcess(
    "generate",
    "--nodes",
    "1",
    "--start",
    "9999-12-31T00:00:00Z",
  );
  expect(stderr).toContain("due after the year 9999");
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
});

it("a link stays one, and a device is written to", async () => {
  const target = join(folder, "target.json");
  const link = join(folder, "link.json");
  writeFileSync(target, "");
  symlinkSync(target, link);
  const words = ["generate", "--nodes", "1", "--out"] as const;
  expect(await inThisProcess(...words, link)).toMatchObject({ exitCode: 0 });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(JSON.parse(readFileSync(target, "utf8"))).toMatchObject({ maxNodes: 1 });
  expect(await inThisProcess(...words, "/dev/null")).toMatchObject({ exitCode: 0 });
  expect(lstatSync("/dev/null").isFile()).toBe(false);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

describe("a file that cannot be written", () => {
  it.each([
    ["a folder", ["simulate", PROTOTYPE, "--html"], "full", "is a folder"],
    ["in no folder", ["simulate", PROTOTYPE, "--html"], "none/a.html", "ENOENT"],
    ["a folder", ["generate", "--nodes", "1", "--out"], "full", "is a folder"],
    ["in a file", ["generate", "--nodes", "1", "--out"], "file/a.json", "ENOTDIR"],
    ["in no folder", ["compare", PROTOTYPE, "--max-nodes", "1", "--csv"], "none/a.csv", "ENOENT"],
    ["one of three", ["compare", PROTOTYPE, "--max-nodes", "1", "--csv"], "taken.csv", "is a folder"],
    ["a file", CAMPAIGN, "file", "EEXIST"],
    ["with a folder in its place", CAMPAIGN, "full", "it is a folder"],
  ])("is refused before anything is worked out: %s, berth %j", async (_, command, name, message) => {
    const { exitCode, stdout, stderr } = await inThisProcess(...command, join(folder, name));
    expect(stderr).toContain("the file cannot be written (");
    expect(stderr).toContain(message);
    // Which of them, of several.
    expect(stderr).toContain(join(folder, name.replace(/\.csv$/, "")));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(existsSync(join(folder, "full", "runs.jsonl"))).toBe(false);
    expect(existsSync(join(folder, "taken.csv"))).toBe(false);
  });
});
