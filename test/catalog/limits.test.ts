import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { InputProblem } from "../../src/catalog/input-problem.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import type { Limits } from "../../src/catalog/limits.ts";
import { limitsSchema, nodeLimitsOf } from "../../src/catalog/limits.ts";
import { parseJsonFile } from "../../src/catalog/parse-json-file.ts";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { changeText, raiseText } from "../../src/catalog/relaxation-text.ts";
import type { Scenario } from "../../src/catalog/scenario.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { NodeLimit } from "../../src/domain/node-limit.ts";
import { testVmType } from "../support/random-problem.ts";

const vmTypes = [
  {
    ...testVmType("NC6s", { gpuCount: 1, pricePerHourUsd: 3.06, vcpuCount: 6, family: "NCv3" }),
    region: "eastus",
  },
  {
    ...testVmType("NC24s", { gpuCount: 4, pricePerHourUsd: 12.24, vcpuCount: 24, family: "NCv3" }),
    region: "eastus",
  },
  {
    ...testVmType("NV6", { gpuCount: 1, pricePerHourUsd: 1.14, vcpuCount: 6, family: "NV" }),
    region: "westus",
  },
  { ...testVmType("own", { gpuCount: 2, pricePerHourUsd: 0.3 }), region: "here" },
];

function made(limits: Limits): readonly NodeLimit[] {
  const result = nodeLimitsOf(limitsSchema.parse(limits), vmTypes);
  if (result.kind === "refused") throw new InvalidInput("limits", result.problems);
  return result.nodeLimits;
}
function refused(limits: Limits): readonly InputProblem[] {
  const result = nodeLimitsOf(limitsSchema.parse(limits), vmTypes);
  return result.kind === "refused" ? result.problems : [];
}

describe("limits as given", () => {
  it("are none, or rows over the VM types that they name", () => {
    expect(made({})).toEqual([]);
    expect(
      made({
        budgetPerHourUsd: 20,
        quotas: [
          { region: "eastus", family: "NCv3", limit: 48, unit: "vCPUs" },
          { region: "eastus", limit: 3, unit: "nodes" },
          { vmTypes: ["own", "NV6"], limit: 5, unit: "GPUs" },
        ],
      }),
    ).toEqual([
      {
        id: "budget-per-hour",
        label: "hourly budget",
        weights: { NC6s: 3.06, NC24s: 12.24, NV6: 1.14, own: 0.3 },
        limit: 20,
        unit: "USD per hour",
      },
      {
        id: "quota.eastus.NCv3.vCPUs",
        label: "quota of family NCv3 in eastus",
        weights: { NC6s: 6, NC24s: 24 },
        limit: 48,
        unit: "vCPUs",
      },
      {
        id: "quota.eastus.nodes",
        label: "quota of region eastus",
        weights: { NC6s: 1, NC24s: 1 },
        limit: 3,
        unit: "nodes",
      },
      {
        id: "quota.own+NV6.GPUs",
        label: "quota of own, NV6",
        weights: { NV6: 1, own: 2 },
        limit: 5,
        unit: "GPUs",
      },
    ]);
  });

  const wrong: readonly (readonly [string, NonNullable<Limits["quotas"]>[number], string, string])[] = [
    [
      "an unknown region",
      { region: "mars", limit: 1, unit: "nodes" },
      "/quotas/0/region",
      "eastus, here, westus",
    ],
    ["an unknown family", { family: "NCv9", limit: 1, unit: "nodes" }, "/quotas/0/family", "NCv3, NV"],
    [
      "an unknown VM type",
      { vmTypes: ["NC6s", "NC7"], limit: 1, unit: "nodes" },
      "/quotas/0/vmTypes/1",
      "NC24s",
    ],
    [
      "a family that a VM type does not have",
      { family: "NV", vmTypes: ["own"], limit: 1, unit: "nodes" },
      "/quotas/0/vmTypes/0",
      "Leave the family out",
    ],
    [
      "nothing in common",
      { region: "westus", family: "NCv3", limit: 1, unit: "nodes" },
      "/quotas/0",
      "Leave one of them out",
    ],
    [
      "vCPUs that the catalogue does not know",
      { vmTypes: ["own"], limit: 1, unit: "vCPUs" },
      "/quotas/0/unit",
      "nodes or GPUs",
    ],
  ];
  it.each(wrong)("name %s with path, value and fix", (_, quota, path, fix) => {
    const [problem, ...others] = refused({ quotas: [quota] });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path, fix: expect.stringContaining(fix) as string });
    expect(problem?.value).toBeDefined();
  });

  it("may not count the same twice", () => {
    const quota = { family: "NV", limit: 1, unit: "nodes" } as const;
    expect(refused({ quotas: [quota, { ...quota, limit: 2 }] })).toMatchObject([{ path: "/quotas/1" }]);
    expect(refused({ quotas: [quota, { ...quota, unit: "GPUs" }] })).toEqual([]);
  });

  it.each([
    { quotas: [{ limit: -1, unit: "nodes" }] },
    { quotas: [{ limit: 1, unit: "cores" }] },
    { quotas: [{ limit: 1, unit: "nodes", familly: "NC" }] },
    { budgetPerHourUsd: -1 },
    { budget: 3 },
  ])("are refused by the schema: %j", (input) => {
    expect(limitsSchema.safeParse(input).success).toBe(false);
  });
});

describe("in a scenario file", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-limits-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const reference = loadReferenceData();
  const file = z.looseObject({ jobs: z.array(z.looseObject({})) });
  const prototype = parseJsonFile(file, shippedScenarioPath("prototype-2019"));

  function load(changes: Readonly<Record<string, unknown>>): Scenario {
    const path = join(folder, "scenario.json");
    writeFileSync(path, JSON.stringify({ ...prototype, ...changes }));
    return loadScenario(path, reference);
  }
  function problemsOf(changes: Readonly<Record<string, unknown>>): readonly InputProblem[] {
    try {
      load(changes);
    } catch (error) {
      if (error instanceof InvalidInput) return error.problems;
      throw error;
    }
    return [];
  }

  it("they become the cluster's, with the families that Azure documents", () => {
    const { settings } = load({ limits: { quotas: [{ family: "NV", limit: 48, unit: "vCPUs" }] } });
    expect(Object.fromEntries(settings.vmTypes.map(({ id, family }) => [id, family]))).toEqual({
      Standard_NC6: "NC",
      Standard_NV6: "NV",
      Standard_NV12: "NV",
      Standard_NV24: "NV",
    });
    expect(settings.nodeLimits).toMatchObject([
      { limit: 48, weights: { Standard_NV6: 6, Standard_NV12: 12, Standard_NV24: 24 } },
    ]);
  });

  it("a wrong one is named from the top of the file", () => {
    const limits = { quotas: [{ family: "NCv9", limit: 1, unit: "vCPUs" }] };
    expect(problemsOf({ limits })).toMatchObject([{ path: "/limits/quotas/0/family", value: "NCv9" }]);
  });

  it("bar VM types of which not one node has room, with the reason", () => {
    const { jobs } = load({ limits: { quotas: [{ family: "NV", limit: 12, unit: "vCPUs" }] } });
    const [job] = jobs;
    expect(job?.durations.entries.some(({ vmTypeId }) => vmTypeId === "Standard_NV24")).toBe(false);
    expect(job?.durations.missing).toContainEqual({
      vmTypeId: "Standard_NV24",
      gpus: 1,
      reason: "the quota of family NV of 12 vCPUs leaves no room for one Standard_NV24",
    });
  });

  it("a job that they leave nothing is refused with the smallest relaxation", () => {
    const limits = {
      budgetPerHourUsd: 0.6,
      quotas: [
        { region: "slides-2019", family: "NC", limit: 0, unit: "vCPUs" },
        { family: "NV", limit: 6, unit: "vCPUs" },
      ],
    };
    const [problem] = problemsOf({ limits });
    expect(problem).toMatchObject({
      path: "/jobs/0",
      message:
        "the job can run in no configuration under the limits; in its way: the hourly budget, the quota of family NC in slides-2019",
      fix: "Raise the hourly budget from 0.60 to 0.62 USD per hour, or the quota of family NC in slides-2019 from 0 to 6 vCPUs.",
    });
  });

  it("a job whose own budget is too small is refused where the budget stands", () => {
    const jobs = prototype.jobs.map((job) => ({ ...job, budgetUsd: 0.02 }));
    const [problem] = problemsOf({ jobs });
    expect(problem).toMatchObject({
      path: "/jobs/0/budgetUsd",
      value: 0.02,
      fix: "Raise the budget of job JJ1 from 0.0200 to 0.0359 USD.",
    });
  });

  it("no node at all is named too", () => {
    expect(problemsOf({ maxNodes: 0 })[0]).toMatchObject({
      path: "/jobs/0",
      fix: "Raise maxNodes from 0 to 1 nodes.",
    });
  });
});

describe("a raise in words", () => {
  it("joins changes with and, alternatives with or, and rounds money up", () => {
    const quota = {
      kind: "vm-type-quota",
      vmTypeId: testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 1 }).id,
    } as const;
    const budget = {
      kind: "node-limit",
      limitId: "b",
      label: "hourly budget",
      unit: "USD per hour",
    } as const;
    const change = (limit: typeof quota | typeof budget, from: number, to: number) => ({
      limit,
      from,
      to,
      relativeIncrease: 1,
    });
    expect(raiseText([[change(quota, 0, 1), change(budget, 1, 1.2301)]])).toBe(
      "Raise the quota of NC6 from 0 to 1 nodes and the hourly budget from 1.00 to 1.24 USD per hour.",
    );
    expect(changeText(change(budget, 1, 1.24))).toBe("the hourly budget from 1.00 to 1.24 USD per hour");
    expect(changeText(change(budget, 0, 0.00123))).toBe(
      "the hourly budget from 0.00 to 0.00123 USD per hour",
    );
  });
});
