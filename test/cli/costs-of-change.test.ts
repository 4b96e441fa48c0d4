import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import type { Scenario } from "../../src/catalog/scenario.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import { costsOfChangeOption, withCosts } from "../../src/cli/costs-of-change.ts";
import { scenarioGenerator } from "../../src/cli/scenario-generator.ts";
import type { SimulationTask } from "../../src/cli/simulation-run.ts";
import { runSimulation } from "../../src/cli/simulation-run.ts";
import { lossesUsd } from "../../src/domain/change-losses.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-costs-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const reference = loadReferenceData();
const PROTOTYPE = shippedScenarioPath("prototype-2019");
const anyObject = z.record(z.string(), z.unknown());

/** The prototype with a change to its catalogue section and to all jobs. */
function changed(
  name: string,
  change: { readonly catalog?: Record<string, unknown>; readonly job?: Record<string, unknown> },
): string {
  const file = z
    .looseObject({ catalog: anyObject, jobs: z.array(anyObject) })
    .parse(JSON.parse(readFileSync(PROTOTYPE, "utf8")));
  const path = join(folder, `${name}.json`);
  const jobs = file.jobs.map((job) => ({ ...job, ...change.job }));
  writeFileSync(path, JSON.stringify({ ...file, catalog: { ...file.catalog, ...change.catalog }, jobs }));
  return path;
}
const bootSeconds = ({ settings }: Scenario): Readonly<Record<string, number | undefined>> =>
  Object.fromEntries(settings.vmTypes.map((vmType) => [vmType.id, vmType.bootSeconds]));

/** What is wrong with a scenario file, as "path: value". */
function problemsOf(path: string): readonly string[] {
  try {
    loadScenario(path, reference);
  } catch (error) {
    if (error instanceof InvalidInput)
      return error.problems.map(({ path: pointer, value }) => `${pointer}: ${String(value)}`);
    throw error;
  }
  return [];
}

describe("costs of change in a scenario", () => {
  it("hold for all VM types, or for those that are named", () => {
    const all = loadScenario(
      changed("all", { catalog: { bootSeconds: 180, minimumBillingSeconds: 600 } }),
      reference,
    );
    expect(new Set(Object.values(bootSeconds(all)))).toEqual(new Set([180]));
    expect(all.settings.vmTypes.every((vmType) => vmType.minimumBillingSeconds === 600)).toBe(true);
    const named = loadScenario(
      changed("named", { catalog: { bootSeconds: { Standard_NV12: 90 } } }),
      reference,
    );
    expect(bootSeconds(named)).toMatchObject({ Standard_NV12: 90, Standard_NV24: undefined });
  });

  it("are those of each job, and nothing where nothing is said", () => {
    const { jobs } = loadScenario(changed("jobs", { job: { checkpointSeconds: 120 } }), reference);
    expect(jobs.map((job) => job.checkpointSeconds)).toEqual(jobs.map(() => 120));
    const { jobs: free, settings } = loadScenario(PROTOTYPE, reference);
    expect(free.every((job) => job.checkpointSeconds === undefined)).toBe(true);
    expect(settings.vmTypes.every((vmType) => vmType.bootSeconds === undefined)).toBe(true);
  });

  it("are refused where they cannot be, by path and value", () => {
    expect(problemsOf(changed("type", { catalog: { bootSeconds: { NV99: 90 } } }))).toEqual([
      "/catalog/bootSeconds/NV99: NV99",
    ]);
    expect(problemsOf(changed("negative", { catalog: { minimumBillingSeconds: -1 } }))).toEqual([
      "/catalog/minimumBillingSeconds: -1",
    ]);
    expect(problemsOf(changed("job", { job: { checkpointSeconds: -5 } }))[0]).toBe(
      "/jobs/0/checkpointSeconds: -5",
    );
  });
});

describe("costs of change from the command line", () => {
  const request = {
    nodes: 1,
    lambdaSeconds: 30_000,
    seed: 1,
    jobs: 1,
    startAtSeconds: 0,
    fastestHours: [12, 24] as const,
    replanIntervalSeconds: 86_400,
    arrivalsPath: null,
  };
  const generate = scenarioGenerator("slides-2019", null);

  it("are written into generated scenarios, and leave no trace where they are not given", () => {
    const path = join(folder, "generated.json");
    const costsOfChange = costsOfChangeOption({ checkpointSeconds: 60, bootSeconds: 120 });
    writeFileSync(path, generate({ ...request, costsOfChange }));
    const scenario = loadScenario(path, reference);
    expect(new Set(Object.values(bootSeconds(scenario)))).toEqual(new Set([120]));
    expect(scenario.jobs.map((job) => job.checkpointSeconds)).toEqual([60, 60]);
    expect(generate(request)).not.toMatch(/Seconds": *(undefined|null)|checkpoint|boot|minimum/);
  });

  it("replace what a scenario says, and only what is given", () => {
    const scenario = loadScenario(
      changed("replaced", { catalog: { bootSeconds: 180 }, job: { checkpointSeconds: 120 } }),
      reference,
    );
    const free = withCosts(scenario, { checkpointSeconds: 0 });
    expect(free.jobs.every((job) => job.checkpointSeconds === 0)).toBe(true);
    expect(bootSeconds(free)).toEqual(bootSeconds(scenario));
  });

  it("are simulated: time and money are lost to changes, and say so", async () => {
    const task: SimulationTask = {
      source: { kind: "scenario", path: PROTOTYPE },
      policy: "progress-value",
      seed: 1,
      actual: { kind: "predicted" },
      relativeGap: 1e-3,
      maxTreeNodes: 2000,
    };
    const free = await runSimulation(task);
    const costly = await runSimulation({
      ...task,
      costsOfChange: { checkpointSeconds: 60, bootSeconds: 120, minimumBillingSeconds: 3600 },
    });
    expect(lossesUsd(free.metrics.changeLosses)).toBe(0);
    expect(costly.metrics.changeLosses.bootSeconds).toBeGreaterThan(0);
    expect(costly.metrics.totalCostUsd).toBeGreaterThan(free.metrics.totalCostUsd);
    expect(costly.metrics.jobsCompleted).toBe(free.metrics.jobsCompleted);
  });
});
