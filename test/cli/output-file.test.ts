import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

describe("a file that cannot be written", () => {
  it.each([
    ["a folder", ["simulate", PROTOTYPE, "--html"], "full", "is a folder"],
    ["in no folder", ["simulate", PROTOTYPE, "--html"], "none/a.html", "ENOENT"],
    ["a folder", ["generate", "--nodes", "1", "--out"], "full", "is a folder"],
    ["in a file", ["generate", "--nodes", "1", "--out"], "file/a.json", "is no folder"],
    ["in no folder", ["compare", PROTOTYPE, "--max-nodes", "1", "--csv"], "none/a.csv", "ENOENT"],
    ["one of three", ["compare", PROTOTYPE, "--max-nodes", "1", "--csv"], "taken.csv", "is a folder"],
    ["a file", CAMPAIGN, "file", "EEXIST"],
    ["with a folder in its place", CAMPAIGN, "full", "report.txt is a folder"],
  ])("is refused before anything is worked out: %s, berth %j", async (_, command, name, message) => {
    const { exitCode, stdout, stderr } = await inThisProcess(...command, join(folder, name));
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^--(html|out|csv)/);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(existsSync(join(folder, "full", "runs.jsonl"))).toBe(false);
    expect(existsSync(join(folder, "taken.csv"))).toBe(false);
  });
});
