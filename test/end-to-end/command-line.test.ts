import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { durationTableSchema } from "../../src/report/estimate-view.ts";
import { jobExplanationSchema } from "../../src/report/explanation-view.ts";
import { planViewSchema } from "../../src/report/plan-view.ts";
import { z } from "zod";
import { inThisProcess } from "../support/run-command.ts";
import { berth } from "./run-process.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const PROTOTYPE = "instances/scenarios/prototype-2019.json";

const explainedPlanSchema = planViewSchema.extend({ explanation: z.array(jobExplanationSchema) });
const anyObject = z.record(z.string(), z.unknown());

/** The prototype scenario with a change to its fields or to those of its first job, as a file. */
function changed(
  name: string,
  change: { readonly scenario?: Record<string, unknown>; readonly firstJob?: Record<string, unknown> },
): string {
  const scenario = z
    .looseObject({ jobs: z.array(anyObject) })
    .parse(JSON.parse(readFileSync(PROTOTYPE, "utf8")));
  const jobs = scenario.jobs.map((job, index) => (index === 0 ? { ...job, ...change.firstJob } : job));
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ ...scenario, jobs, ...change.scenario }));
  return path;
}

describe("berth plan", () => {
  it("plans the prototype scenario with a proof", async () => {
    const { exitCode, stdout, stderr } = await berth("plan", PROTOTYPE, "--json", "--explain");
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const plan = explainedPlanSchema.parse(JSON.parse(stdout));
    expect(plan.nodes.length).toBeLessThanOrEqual(2);
    expect(plan.running).toHaveLength(6);
    expect(plan.proof).toMatchObject({
      objectiveName: "progress-value",
      gap: 0,
      stopReason: "proven-optimal",
    });
    expect(plan.proof.objective).toBeCloseTo(plan.proof.bound ?? NaN, 6);
    expect(plan.explanation).toHaveLength(6);
  });

  it("prints tables, also of jobs that wait", async () => {
    const limits = { quotas: [{ family: "NV", limit: 6, unit: "vCPUs" }] };
    const path = changed("one-node", { scenario: { maxNodes: 1, limits } });
    const { exitCode, stdout } = await inThisProcess("plan", path, "--explain");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/1 of 1 nodes rented for 0\.(56|62) USD\/h, 1 jobs run, 5 wait/);
    expect(stdout).toContain("all 1 that may be rented are");
    expect(stdout).toContain("the quota of family NV of 6 vCPUs leaves no room for one Standard_NV24");
  });

  it("decides with the literature's MILP and with the peer's rule too", async () => {
    for (const policy of ["per-node", "greedy"]) {
      const { exitCode, stdout } = await inThisProcess(
        "plan",
        PROTOTYPE,
        "--policy",
        policy,
        "--json",
        "--at",
        "2019-09-02T09:10:00Z",
      );
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ policy, decidedAt: "2019-09-02T09:10:00Z" });
    }
  });

  it.each([
    ["a file that is not there", "no-such-file.json", ["no-such-file.json", "cannot be read"]],
    [
      "an unknown network",
      changed("network", { firstJob: { network: "resnet51" } }),
      ["/jobs/0/network", '"resnet51"', "resnet50"],
    ],
    ["a negative batch", changed("batch", { firstJob: { batchSize: -4 } }), ["/jobs/0/batchSize", "-4"]],
    [
      "a due date without zone",
      changed("zone", { firstJob: { dueAt: "2019-09-02T10:00:00" } }),
      ["/jobs/0/dueAt", "no time zone", "10:00:00Z"],
    ],
    [
      "a cluster of no nodes",
      changed("no-nodes", { scenario: { maxNodes: 0 } }),
      ["/jobs/5", "Raise maxNodes from 0 to 1 nodes."],
    ],
    [
      "a budget below the cheapest node",
      changed("hourly", { scenario: { limits: { budgetPerHourUsd: 0.5 } } }),
      ["/jobs/0", "Raise the hourly budget from 0.50 to 0.56 USD per hour."],
    ],
    [
      "a quota that nothing counts against",
      changed("quota", { scenario: { limits: { quotas: [{ family: "NC9", limit: 6, unit: "vCPUs" }] } } }),
      ["/limits/quotas/0/family", '"NC9"', "NC, NV"],
    ],
    [
      "a job that fits nowhere",
      changed("fit", { firstJob: { batchSize: 1_000_000 } }),
      ["/jobs/0", "fits no VM type", "GiB"],
    ],
    ["two jobs of one id", changed("twice", { firstJob: { id: "JJ2" } }), ["/jobs/1/id", "JJ2"]],
    [
      "an unknown VM type",
      changed("vm", {
        scenario: { catalog: { name: "slides-2019", region: "slides-2019", vmTypes: ["NC6"] } },
      }),
      ["/catalog/vmTypes/0", "Standard_NC6"],
    ],
    [
      "an unknown catalogue",
      changed("catalog", { scenario: { catalog: { name: "aws", region: "x" } } }),
      ["aws.json", "cannot be read"],
    ],
    ["no jobs", changed("empty", { scenario: { jobs: [] } }), ["/jobs", "no job to plan for"]],
    ["a misspelt field", changed("field", { firstJob: { epoch: 3 } }), ["/jobs/0/epoch", "not a field"]],
  ])("refuses %s with path, value and fix", async (_, path, texts) => {
    const { exitCode, stdout, stderr } = await inThisProcess("plan", path);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    for (const text of texts) expect(stderr).toContain(text);
  });

  it.each([
    [["plan"], "missing required argument"],
    [["plan", PROTOTYPE, "--gap", "2"], "not a number from 0 to 1"],
    [["plan", PROTOTYPE, "--policy", "magic"], "Allowed choices"],
    [["plan", PROTOTYPE, "--at", "yesterday"], "ISO 8601"],
    [["plan", PROTOTYPE, "--at", "2018-01-01T00:00:00Z"], "no job to plan for"],
    [["plant"], "unknown command"],
  ])("refuses the words %j", async (words, text) => {
    const { exitCode, stderr } = await inThisProcess(...words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(text);
  });
});

describe("berth estimate", () => {
  it("prints the duration table of a network over a catalogue", async () => {
    const { exitCode, stdout } = await inThisProcess(
      "estimate",
      "vgg19",
      "--batch",
      "32",
      "--samples",
      "130000",
      "--json",
    );
    expect(exitCode).toBe(0);
    const table = durationTableSchema.loose().parse(JSON.parse(stdout));
    const p600 = table.missing.filter((row) => row.vmType === "In-house-1");
    expect(p600.length).toBeGreaterThan(0);
    expect(p600[0]?.reason).toMatch(/GiB/);
    expect(table.durations.length).toBeGreaterThan(10);
  });

  it("refuses an unknown network and a catalogue whose region is open", async () => {
    const unknown = await berth("estimate", "vgg20", "--batch", "32");
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain("vgg19");
    const region = await inThisProcess("estimate", "vgg19", "--batch", "32", "--catalog", "azure-2026-11");
    expect(region.exitCode).toBe(2);
    expect(region.stderr).toContain("eastus2");
  });
});
