import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { durationFitSchema } from "../../src/catalog/fit-schema.ts";
import { LAYER_PROFILE_COLUMNS } from "../../src/catalog/layer-profile-csv.ts";
import { parseJsonFile } from "../../src/catalog/parse-json-file.ts";
import type { Finished } from "../support/run-command.ts";
import { inThisProcess } from "../support/run-command.ts";

const header = LAYER_PROFILE_COLUMNS.join(",");
const rows = [
  "net,32,conv1,conv,3x32x32,64x32x32,3,1,1,1,0.4,0.9",
  "net,32,relu1,relu,64x32x32,64x32x32,,,,,0.08,0.12",
  "net,32,conv2,conv,64x32x32,64x32x32,3,1,1,1,0.9,1.9",
  "net,32,pool1,pool,64x32x32,64x16x16,2,2,,,0.06,0.2",
  "net,32,fc,fc,64x16x16,10,,,,,0.1,0.2",
];
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-calibrate-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function calibrate(
  files: readonly (readonly string[])[],
  words: readonly string[] = [],
): Promise<Finished & { readonly out: string }> {
  const paths = files.map((lines, index) => {
    const path = join(folder, `profile-${index}.csv`);
    writeFileSync(path, [header, ...lines].join("\n"));
    return path;
  });
  const out = join(folder, "fit.json");
  if (existsSync(out)) rmSync(out);
  const ofWhat = ["--gpu", "V100", "--framework", "pytorch"];
  const finished = await inThisProcess("calibrate", ...paths, ...ofWhat, "--out", out, ...words);
  return { ...finished, out };
}

describe("berth calibrate", () => {
  it("writes a fit that loads, and reports rows, errors and ranges", async () => {
    const { exitCode, stdout, out } = await calibrate([rows]);
    expect(stdout).toContain("5 rows used, 0 left out");
    expect(stdout).toContain("cross-validated");
    expect(stdout).toContain("Measured range");
    expect(exitCode).toBe(0);
    const fit = parseJsonFile(durationFitSchema, out);
    expect(fit).toMatchObject({ gpu: "V100", framework: "pytorch", status: "measured" });
    expect(fit.source).toBe("layer profile profile-0.csv");
  });

  it("writes nothing and exits with 2 when any file has a problem, naming file and row", async () => {
    const { exitCode, stderr, out } = await calibrate([
      rows,
      [...rows, "net,32,bad,relu,8,8,,,,,-1,1"],
      ["x"],
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("profile-1.csv, row 7, column forwardMilliseconds: a time cannot be negative");
    expect(stderr).toContain("profile-2.csv, row 2: it has 1 cells");
    expect(existsSync(out)).toBe(false);
  });

  it("combines files, and leaves unknown kinds out where asked", async () => {
    const odd = "net,32,odd,warp,8,8,,,,,1,1";
    expect((await calibrate([rows, [odd]])).exitCode).toBe(2);
    const { exitCode, stdout } = await calibrate([rows, [...rows.slice(1), odd]], ["--skip-unknown"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('row 6: net odd, unknown kind "warp"');
  });

  it("refuses seconds taken for milliseconds", async () => {
    const inSeconds = "net,32,conv2,conv,256x32x32,256x32x32,3,1,1,1,0.00001,0.0019";
    const { exitCode, stderr } = await calibrate([[inSeconds]]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("more than any GPU of this kind reaches");
  });

  it("says where the GPU has no data sheet", async () => {
    const path = join(folder, "profile-0.csv");
    writeFileSync(path, [header, ...rows].join("\n"));
    const out = join(folder, "own.json");
    const ofWhat = ["--gpu", "B999", "--framework", "caffe"];
    const { stdout } = await inThisProcess("calibrate", path, ...ofWhat, "--out", out);
    expect(stdout).toContain('no data sheet of "B999"');
    expect(readFileSync(out, "utf8")).toContain('"gpu": "B999"');
  });
});
