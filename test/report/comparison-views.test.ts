import { parse } from "csv-parse/sync";
import { afterAll, describe, expect, it } from "vitest";
import { inlineNetworksOf } from "../../src/catalog/inline-network.ts";
import type { InlineNetworks } from "../../src/catalog/inline-network.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";
import { jobMaker } from "../../src/catalog/job-from-spec.ts";
import { nodeLimitsOf } from "../../src/catalog/limits.ts";
import { inlineNetworkSchema } from "../../src/catalog/network-schema.ts";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import { shippedVmTypes } from "../../src/catalog/shipped-catalog.ts";
import { compareDecisions } from "../../src/comparison/compare-decisions.ts";
import { compareHorizons, oneByOne } from "../../src/comparison/compare-horizons.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import type { DurationTable } from "../../src/domain/duration-table.ts";
import { jobId } from "../../src/domain/ids.ts";
import { observe } from "../../src/planner/observe.ts";
import { comparisonCsv, differencesCsv, marginalValuesCsv } from "../../src/report/comparison-csv.ts";
import { comparisonRequestSchema, variantsFileSchema } from "../../src/report/comparison-request.ts";
import type { VariantRequest } from "../../src/report/comparison-request.ts";
import { comparisonText } from "../../src/report/comparison-table.ts";
import { variantsOf } from "../../src/report/comparison-variants.ts";
import { comparisonViewSchema } from "../../src/report/comparison-view.ts";
import { decisionComparisonView } from "../../src/report/decision-comparison-view.ts";
import { horizonComparisonView } from "../../src/report/horizon-comparison-view.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { LAYERS } from "../catalog/tiny-network.ts";
import { EXACT } from "../support/limits.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());
const reference = loadReferenceData();
const scenario = loadScenario(shippedScenarioPath("prototype-2019"), reference);
const atSeconds = Math.max(...scenario.jobs.map((job) => job.submittedAtSeconds));
const budget = nodeLimitsOf({ budgetPerHourUsd: 50 }, scenario.settings.vmTypes);
if (budget.kind === "refused") throw new Error("refused");
const settings = { ...scenario.settings, nodeLimits: budget.nodeLimits };
const state = observe(emptyCluster(settings), {
  kind: "jobs-arrived",
  jobs: scenario.jobs,
  atSeconds,
});
const base = { state, arrivals: [], policy: "progress-value" } as const;
const sources = {
  reference,
  networks: new Map(),
  base,
  vmTypesOf: (name: string, region: string) => shippedVmTypes(name, region, reference.gpus),
  source: "body",
};

const REQUESTS: readonly VariantRequest[] = parseInput(
  variantsFileSchema,
  {
    variants: [
      { name: "as it is" },
      { name: 'only "NV12", really', onlyVmTypes: ["Standard_NV12"] },
      { name: "2022", catalog: { name: "azure-2022", region: "eastus" }, maxNodes: 3 },
      { name: "reserved", discounts: [{ kind: "reserved", share: 0.4 }], quotaNodes: { Standard_NV24: 1 } },
      {
        name: "tight",
        dueDateSlack: { factor: 0.3, addedSeconds: -60 },
        durations: "P90",
        tardinessWeightFactor: 2,
      },
      { name: "no node", maxNodes: 0, policy: "edf" },
    ],
  },
  "body",
).variants;

const decision = await compareDecisions(
  { base, variants: variantsOf(REQUESTS, sources), marginals: "every-variant" },
  { solver, limits: EXACT },
);
if (decision.kind === "cancelled") throw new Error("cancelled");
const view = decisionComparisonView(decision);

const FEW = REQUESTS.filter(({ name }) => name !== "2022" && name !== "reserved");
const horizon = await compareHorizons(
  {
    base: { ...base, state: emptyCluster(settings), arrivals: scenario.jobs },
    variants: variantsOf(FEW, sources),
    marginals: "every-variant",
  },
  { run: oneByOne(solver), limits: { relativeGap: 1e-3, maxTreeNodes: 2000, seed: 1 } },
);
if (horizon.kind === "cancelled") throw new Error("cancelled");
const horizonView = horizonComparisonView(horizon);

describe.each([
  ["decisions", view],
  ["horizons", horizonView],
])("compared %s", (_, shown) => {
  it("are what their schema says, and survive JSON", () => {
    expect(comparisonViewSchema.parse(JSON.parse(JSON.stringify(shown)))).toEqual(shown);
  });

  it("as CSV have a row for each variant and read back as written", () => {
    const text = comparisonCsv(shown);
    expect(text.split("\r\n").at(-1)).toBe("");
    expect(text.replaceAll("\r\n", "")).not.toContain("\n");
    const rows = parse(text, { columns: true });
    expect(rows).toHaveLength(shown.variants.length);
    expect(rows[1]).toMatchObject({
      variant: 'only "NV12", really',
      changes: "only Standard_NV12",
      totalCostUsd: String(shown.variants[1]?.cost.totalUsd),
    });
  });

  it("as CSV have a line for each difference with its reason", () => {
    const rows = parse(differencesCsv(shown), { columns: true });
    const expected = shown.variants.reduce(
      (total, { difference }) => total + (difference?.jobs.length ?? 0) + (difference?.nodes.length ?? 0),
      0,
    );
    expect(rows).toHaveLength(expected);
    expect(rows[0]).toMatchObject({ kind: "job", variant: 'only "NV12", really' });
    expect(Object.values(rows[0] ?? {}).at(-1)).not.toBe("");
  });

  it("as CSV have a row for each limit of which one more was asked for", () => {
    const rows = parse(marginalValuesCsv(shown), { columns: true });
    const values =
      shown.mode === "decision"
        ? shown.variants.flatMap(({ marginalValues }) => marginalValues ?? [])
        : (shown.marginalValues ?? []);
    expect(rows).toHaveLength(values.length);
    const [first] = values;
    expect(rows[0]).toMatchObject({
      variant: "as it is",
      limitId: "max-nodes",
      kind: "nodes",
      vmType: "",
      amount: "2",
      amountUnit: "nodes",
      isUsedUp: String(first?.isUsedUp),
    });
    const dollar = values.findIndex(({ limitId }) => limitId === "budget-per-hour");
    expect(rows[dollar]).toMatchObject({
      words: "one more dollar per hour of the hourly budget",
      amount: "50",
      amountUnit: "USD per hour",
      isUsedUp: "false",
    });
    expect(Object.keys(rows[0] ?? {})).toEqual(
      expect.arrayContaining(
        shown.mode === "decision" ? ["dualPrice", "resolvedGain"] : ["priceSumUsd", "totalCostChangeUsd"],
      ),
    );
    expect(Object.values(rows[0] ?? {})).not.toContain("undefined");
  });

  it("as text name every variant, its lines and marginal values", () => {
    const text = comparisonText(shown, 3);
    for (const { name } of shown.variants) expect(text).toContain(name);
    expect(text).toContain("one more node");
    expect(text).toMatch(/one more dollar per hour of the hourly budget +│ +50 USD per hour │/);
    expect(text).toMatch(/… and \d+ more \(--json and --csv list all\)/);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("variants as asked for", () => {
  it("predict jobs on another catalogue, and keep figures of machines that both have", () => {
    const other = variantsOf(REQUESTS, sources)[2];
    const durations = [...(other?.catalogue?.durations.values() ?? [])];
    expect(durations).toHaveLength(6);
    expect(durations.every(({ entries }) => entries.length > 0)).toBe(true);
    const [job] = scenario.jobs;
    const own = job?.durations.entries.find(({ vmTypeId }) => vmTypeId === "Standard_NV12");
    const there = durations[0]?.entries.find(({ vmTypeId }) => vmTypeId === "Standard_NV12");
    expect(own).toBeDefined();
    if (there !== undefined) expect(there.durationSeconds).toBeCloseTo(own?.durationSeconds ?? NaN, 6);
    expect(view.variants[2]?.objectiveComparable).toBe(false);
  });

  it("predict where a quota is raised from 0", () => {
    const closed = {
      ...scenario.settings,
      vmTypes: scenario.settings.vmTypes.map((vmType) =>
        vmType.id === "Standard_NV24" ? { ...vmType, quotaNodes: 0 } : vmType,
      ),
    };
    const jobs = scenario.jobs.map((job) => ({
      ...job,
      durations: {
        ...job.durations,
        entries: job.durations.entries.filter(({ vmTypeId }) => vmTypeId !== "Standard_NV24"),
      },
    }));
    const opened = { name: "opened", quotaNodes: { Standard_NV24: null } };
    const [first, second] = variantsOf([{ name: "closed" }, opened], {
      ...sources,
      base: { ...base, state: { ...emptyCluster(closed), nowSeconds: atSeconds }, arrivals: jobs },
    });
    expect(first?.catalogue).toBeNull();
    const tables = [...(second?.catalogue?.durations.values() ?? [])];
    expect(tables).toHaveLength(6);
    expect(tables.every(({ entries }) => entries.some(({ vmTypeId }) => vmTypeId === "Standard_NV24"))).toBe(
      true,
    );
  });

  it("do not predict a job from before layers were kept, whose layers were given inline under a shipped name", () => {
    const [job] = scenario.jobs;
    if (job === undefined) throw new Error("No job");
    const entries = job.durations.entries.map((entry) => ({
      ...entry,
      durationSeconds: entry.durationSeconds * 1.5,
    }));
    const inline = { ...job, durations: { ...job.durations, entries } };
    const [, other] = variantsOf(
      [{ name: "as it is" }, { name: "V100", catalog: { name: "azure-2026-11", region: "eastus" } }],
      { ...sources, base: { ...base, state: { ...state, jobs: [] }, arrivals: [inline] } },
    );
    const table = other?.catalogue?.durations.get(job.id);
    expect(table?.entries).toEqual([]);
    expect(table?.missing[0]?.reason).toMatch(/its layers are not known any more/);
  });

  it("predict a job by the layers that it brought along", () => {
    const [spec] = scenario.specs;
    if (spec === undefined) throw new Error("No job");
    const layers = inlineNetworkSchema.parse({ input: [4, 8, 8], layers: LAYERS });
    const given = { id: jobId(spec.id), submittedAtSeconds: atSeconds };
    const made = jobMaker(reference, settings)({ ...spec, network: layers }, given);
    if (made.kind !== "job") throw new Error("It cannot run");
    const withJob = { ...base, state: { ...state, jobs: [] }, arrivals: [made.job] };
    const tableWith = (networks: InlineNetworks): DurationTable | undefined => {
      const [, other] = variantsOf(
        [{ name: "as it is" }, { name: "V100", catalog: { name: "azure-2026-11", region: "eastus" } }],
        { ...sources, networks, base: withJob },
      );
      return other?.catalogue?.durations.get(made.job.id);
    };
    expect(tableWith(inlineNetworksOf([{ network: layers }]))?.entries.length).toBeGreaterThan(0);
    expect(tableWith(new Map())?.missing[0]?.reason).toMatch(/its layers are not known any more/);
  });

  it.each<[string, unknown, readonly string[]]>([
    ["one variant", [{ name: "a" }], ["/variants", "2 items"]],
    [
      "21 variants",
      Array.from({ length: 21 }, (_, index) => ({ name: `v${index}` })),
      ["/variants", "20 items"],
    ],
    [
      "a factor of 0",
      [{ name: "a" }, { name: "b", priceFactors: { Standard_NV24: 0 } }],
      ["/variants/1/priceFactors/Standard_NV24", "above 0"],
    ],
    [
      "a discount of everything",
      [{ name: "a" }, { name: "b", discounts: [{ kind: "spot", share: 1 }] }],
      ["/variants/1/discounts/0/share", "below 1"],
    ],
    ["an unknown field", [{ name: "a" }, { name: "b", maxnodes: 3 }], ["/variants/1/maxnodes"]],
    ["a name that a spreadsheet would run", [{ name: "a" }, { name: "=1+1" }], ["/variants/1/name"]],
    ["an unknown policy", [{ name: "a" }, { name: "b", policy: "best" }], ["/variants/1/policy", "edf"]],
  ])("are refused: %s", (_, variants, words) => {
    const refused = errorOf(() =>
      parseInput(comparisonRequestSchema, { mode: "decision", variants }, "body"),
    );
    for (const word of words) expect(refused).toContain(word);
  });

  it.each<[string, readonly VariantRequest[], readonly string[]]>([
    ["two of one name", [{ name: "a" }, { name: "a" }], ["/variants/1/name", '"a"']],
    [
      "an unknown VM type",
      [{ name: "a" }, { name: "b", onlyVmTypes: ["NC6"] }],
      ["/variants/1/onlyVmTypes/0", "Standard_NC6"],
    ],
    [
      "a price of an unknown VM type",
      [{ name: "a", priceFactors: { X: 2 }, quotaNodes: { Y: 1 } }, { name: "b" }],
      ["/variants/0/priceFactors/X", "/variants/0/quotaNodes/Y"],
    ],
    [
      "an unknown catalogue",
      [{ name: "a" }, { name: "b", catalog: { name: "../secret", region: "x" } }],
      ["/variants/1/catalog/name", "azure-2022"],
    ],
    [
      "an unknown region",
      [{ name: "a" }, { name: "b", catalog: { name: "azure-2022", region: "moon" } }],
      ["/variants/1/catalog/region", "eastus"],
    ],
  ])("are refused: %s", (_, requests, words) => {
    const refused = errorOf(() => variantsOf(requests, sources));
    for (const word of words) expect(refused).toContain(word);
  });
});

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
  throw new Error("Nothing was refused");
}
