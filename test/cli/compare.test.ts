import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { comparisonViewSchema } from "../../src/report/comparison-view.ts";
import { planViewSchema } from "../../src/report/plan-view.ts";
import { inThisProcess } from "../support/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-compare-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const PROTOTYPE = "instances/scenarios/prototype-2019.json";

const simulatedSchema = z.looseObject({
  totalCostUsd: z.number(),
  gpuUtilisation: z.number(),
  ratioToLowerBound: z.number(),
});

describe("berth compare", () => {
  it("has `berth plan` as its first variant, and writes CSV", async () => {
    const csv = join(folder, "out.csv");
    const { exitCode, stdout } = await inThisProcess(
      "compare",
      PROTOTYPE,
      "--max-nodes",
      "1,3",
      "--json",
      "--marginals",
      "--csv",
      csv,
    );
    expect(exitCode).toBe(0);
    const view = comparisonViewSchema.parse(JSON.parse(stdout));
    if (view.mode !== "decision") throw new Error(view.mode);
    expect(view.variants.map(({ name }) => name)).toEqual(["as it is", "at most 1 node", "at most 3 nodes"]);
    const plan = planViewSchema.parse(JSON.parse((await inThisProcess("plan", PROTOTYPE, "--json")).stdout));
    const [first] = view.variants;
    expect(first?.proof).toEqual(plan.proof);
    expect(first?.cost.rentPerHourUsd).toBe(plan.rentPerHourUsd);
    expect(first?.cost.totalUsd).toBeCloseTo(plan.totals.expectedTotalCostUsd, 9);
    expect(readFileSync(csv, "utf8").split("\r\n")).toHaveLength(5);
    expect(readFileSync(join(folder, "out-differences.csv"), "utf8")).toMatch(/^variant,kind,id,from,to,/);
    expect(readFileSync(join(folder, "out-marginal-values.csv"), "utf8")).toMatch(
      /^variant,limitId,kind,vmType,words,amount,amountUnit,isUsedUp,.*\r\nas it is,max-nodes,nodes,,one more node,2,nodes,/,
    );
  });

  it("has `berth simulate` as its first variant with --horizon, on several workers", async () => {
    const file = join(folder, "variants.json");
    writeFileSync(
      file,
      JSON.stringify({ variants: [{ name: "now" }, { name: "dear", priceFactors: { Standard_NV24: 3 } }] }),
    );
    const { exitCode, stdout } = await inThisProcess(
      "compare",
      PROTOTYPE,
      "--horizon",
      "--variants",
      file,
      "--only",
      "Standard_NC6",
      "--threads",
      "2",
      "--json",
    );
    expect(exitCode).toBe(0);
    const view = comparisonViewSchema.parse(JSON.parse(stdout));
    if (view.mode !== "horizon") throw new Error(view.mode);
    expect(view.variants.map(({ name }) => name)).toEqual(["now", "dear", "only Standard_NC6"]);
    const simulated = simulatedSchema.parse(
      JSON.parse((await inThisProcess("simulate", PROTOTYPE, "--json")).stdout),
    );
    const [first] = view.variants;
    expect(first?.cost).toMatchObject({
      totalUsd: simulated.totalCostUsd,
      ratioToLowerBound: simulated.ratioToLowerBound,
    });
    expect(first?.gpuUtilisation).toBeCloseTo(simulated.gpuUtilisation, 9);
  });

  it("prints tables with a variant for every flag", async () => {
    const { exitCode, stdout } = await inThisProcess(
      ...["compare", PROTOTYPE, "--only", "Standard_NV12,Standard_NC6", "--only", "Standard_NV24"],
      ...[
        "--price-factor",
        "Standard_NV12=0.7",
        "--quota",
        "Standard_NV24=1",
        "--slack-factor",
        "0.5",
        "--p90",
        "--marginals",
      ],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain("One decision at 2019-09-02T09:25:00Z under 7 variants");
    expect(stdout).toContain('"P90 durations": planned with P90 durations');
    expect(stdout).toMatch(/JJ\d: Standard_NV24 is not offered in this variant/);
    expect(stdout).toContain("quota for one more node of Standard_NV24");
  });

  const broken = join(folder, "broken.json");
  writeFileSync(broken, '{ "variants": [{ "name": "a" }, { "name": "b", "maxNodes": -1 }] }');
  const unknown = join(folder, "unknown.json");
  writeFileSync(unknown, '{ "variants": [{ "name": "a" }, { "name": "b", "onlyVmTypes": ["NV24"] }] }');
  it.each<[string, readonly string[], readonly string[]]>([
    ["nothing to compare with", [], ["/variants", "2 items"]],
    ["a file that is not there", ["--variants", "none.json"], ["none.json", "cannot be read"]],
    ["a negative limit", ["--variants", broken], ["/variants/1/maxNodes", "-1"]],
    ["an unknown VM type", ["--variants", unknown], ["/variants/1/onlyVmTypes/0", "Standard_NV24"]],
    ["an unknown VM type of a flag", ["--quota", "NV24=1"], ["/variants/1/quotaNodes/NV24", "Standard_NV24"]],
    ["a factor of 0", ["--price-factor", "Standard_NV24=0"], ["price-factor", '"0"']],
    ["a factor of nothing", ["--price-factor", "0.5"], ["price-factor", "Standard_NV24=0.7"]],
    ["two of one flag's variant", ["--max-nodes", "1,1"], ["/variants/2/name", "at most 1 node"]],
    ["both modes", ["--decision", "--horizon", "--p90"], ["--decision", "--horizon"]],
  ])("refuses %s with exit code 2, path, value and fix", async (_, words, expected) => {
    const { exitCode, stdout, stderr } = await inThisProcess("compare", PROTOTYPE, ...words);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    for (const word of expected) expect(stderr).toContain(word);
  });
});
