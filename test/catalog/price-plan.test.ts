import * as fc from "fast-check";
import { DateTime } from "luxon";
import { afterAll, describe, expect, it } from "vitest";
import type { AppliedPricePlan } from "../../src/catalog/apply-price-plan.ts";
import { applyPricePlan, billedPerHourUsd } from "../../src/catalog/apply-price-plan.ts";
import { pricePlanProblems } from "../../src/catalog/check-price-plan.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";
import { applyPriceCalendar } from "../../src/catalog/price-calendar.ts";
import type { PricePlan } from "../../src/catalog/price-plan.ts";
import { nextPricePlanChangeAfter, pricePlanSchema } from "../../src/catalog/price-plan.ts";
import { providerVmTypeId, withTwinDurations } from "../../src/catalog/reserved-twin.ts";
import type { AllocatedNode } from "../../src/domain/allocation.ts";
import { rentPerHourUsd } from "../../src/domain/cost.ts";
import type { DurationEntry } from "../../src/domain/duration-table.ts";
import { vmTypeId } from "../../src/domain/ids.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import { vmTypesOf } from "../../src/domain/vm-type.ts";
import { choose } from "../../src/planner/choose.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { EXACT } from "../support/limits.ts";
import { testVmType } from "../support/random-problem.ts";
import { node, writtenJob, writtenProblem } from "../support/written-problem.ts";

const containing = (text: string): unknown => expect.stringContaining(text);
const seconds = (iso: string): number => DateTime.fromISO(iso, { setZone: true }).toSeconds();
const NOW = seconds("2027-01-15T12:00:00Z");

const A100 = "Standard_NC24ads_A100_v4";
const T4 = "Standard_NC4as_T4_v3";
const vmType = (id: string, pricePerHourUsd: number, quotaNodes: number | null = null): VmType => ({
  ...testVmType(id, { gpuCount: 2, pricePerHourUsd, quotaNodes }),
  region: "eastus",
});
const vmTypes = [vmType(A100, 4), vmType(T4, 0.5)];
const plan = (rules: Partial<PricePlan>): PricePlan => pricePlanSchema.parse(rules);
const reservation = (
  id: string,
  nodes: number,
  pricePerHourUsd = 1.5,
): PricePlan["reservations"][number] => ({
  vmTypeId: id,
  region: "eastus",
  nodes,
  pricePerHourUsd,
});

/** The offers of a plan as "id: price × quota". */
const offers = (applied: AppliedPricePlan): readonly string[] =>
  applied.vmTypes.map((type) => `${type.id}: ${type.pricePerHourUsd} × ${type.quotaNodes ?? "any"}`);
const applyNow = (rules: Partial<PricePlan>, types: readonly VmType[] = vmTypes): AppliedPricePlan =>
  applyPricePlan(types, plan(rules), NOW);

describe("a plan without rules", () => {
  it("changes nothing", () => {
    expect(applyNow({})).toEqual({ vmTypes, fixedCostPerHourUsd: 0, notes: [], twinOf: new Map() });
  });
});

describe("discounts", () => {
  it("are on all, a VM type, a family or a region, and multiply in any order", () => {
    const all = { appliesTo: { kind: "all" as const }, percent: 50 };
    const one = { appliesTo: { kind: "vm-type" as const, vmTypeId: T4 }, percent: 10 };
    const family = { appliesTo: { kind: "family" as const, family: "NC_A100_v4" }, percent: 25 };
    const region = { appliesTo: { kind: "region" as const, region: "eastus" }, percent: 20 };
    expect(offers(applyNow({ discounts: [all] }))).toEqual([`${A100}: 2 × any`, `${T4}: 0.25 × any`]);
    expect(offers(applyNow({ discounts: [one] }))).toEqual([`${A100}: 4 × any`, `${T4}: 0.45 × any`]);
    expect(offers(applyNow({ discounts: [family] }))).toEqual([`${A100}: 3 × any`, `${T4}: 0.5 × any`]);
    expect(offers(applyNow({ discounts: [region] }))).toEqual([`${A100}: 3.2 × any`, `${T4}: 0.4 × any`]);
    // 4 · 0.5 · 0.75 · 0.8 = 1.2 and 0.5 · 0.5 · 0.9 · 0.8 = 0.18.
    for (const discounts of [
      [all, one, family, region],
      [region, family, one, all],
    ]) {
      const prices = applyNow({ discounts }).vmTypes.map(({ pricePerHourUsd }) => pricePerHourUsd);
      expect(prices[0]).toBeCloseTo(1.2, 12);
      expect(prices[1]).toBeCloseTo(0.18, 12);
    }
  });

  it("say how the price came about", () => {
    const discounts = [
      { appliesTo: { kind: "all" as const }, percent: 5 },
      { appliesTo: { kind: "vm-type" as const, vmTypeId: A100 }, percent: 10 },
    ];
    expect(applyNow({ discounts }).notes[0]).toEqual({
      kind: "discounted",
      vmTypeId: A100,
      text: `${A100} in eastus: 4 less 5 % less 10 % = 3.42 USD per hour`,
    });
  });

  it("count from validFrom to before validUntil, and say when that changes", () => {
    const rules = plan({
      discounts: [
        {
          appliesTo: { kind: "all" },
          percent: 50,
          validFrom: "2027-01-10T00:00:00Z",
          validUntil: "2027-01-20T00:00:00+01:00",
        },
      ],
    });
    const priceAt = (iso: string): number | undefined =>
      applyPricePlan(vmTypes, rules, seconds(iso)).vmTypes[0]?.pricePerHourUsd;
    expect(priceAt("2027-01-09T23:59:59Z")).toBe(4);
    expect(priceAt("2027-01-10T00:00:00Z")).toBe(2);
    expect(priceAt("2027-01-19T22:59:59Z")).toBe(2);
    expect(priceAt("2027-01-19T23:00:00Z")).toBe(4);
    expect(nextPricePlanChangeAfter(rules, seconds("2027-01-01T00:00:00Z"))).toBe(
      seconds("2027-01-10T00:00:00Z"),
    );
    expect(nextPricePlanChangeAfter(rules, seconds("2027-01-10T00:00:00Z"))).toBe(
      seconds("2027-01-19T23:00:00Z"),
    );
    expect(nextPricePlanChangeAfter(rules, seconds("2027-01-19T23:00:00Z"))).toBeNull();
  });
});

describe("reservations", () => {
  it("offer a twin at the marginal price 0 for as many nodes as are paid for, and state what is paid apart", () => {
    const applied = applyNow({ reservations: [reservation(A100, 3, 1.5), reservation(A100, 1, 2)] });
    expect(offers(applied)).toEqual([`${A100}: 4 × any`, `${A100}:reserved: 0 × 4`, `${T4}: 0.5 × any`]);
    expect(applied.fixedCostPerHourUsd).toBe(3 * 1.5 + 2);
    expect(applied.twinOf).toEqual(new Map([[vmTypeId(`${A100}:reserved`), vmTypeId(A100)]]));
    expect(providerVmTypeId(vmTypeId(`${A100}:reserved`))).toBe(A100);
    expect(providerVmTypeId(vmTypeId(A100))).toBe(A100);
    expect(applied.notes).toEqual([
      {
        kind: "reserved",
        vmTypeId: A100,
        text: `${A100} in eastus: 4 nodes are paid for, used or not; using one costs nothing more`,
      },
    ]);
  });

  it("share the VM type's quota with the nodes on demand", () => {
    const reservations = [reservation(A100, 4)];
    expect(offers(applyNow({ reservations }, [vmType(A100, 4, 6)]))).toEqual([
      `${A100}: 4 × 2`,
      `${A100}:reserved: 0 × 4`,
    ]);
    const beyond = applyNow({ reservations }, [vmType(A100, 4, 3)]);
    expect(offers(beyond)).toEqual([`${A100}: 4 × 0`, `${A100}:reserved: 0 × 3`]);
    expect(beyond.fixedCostPerHourUsd).toBe(6);
    expect(beyond.notes.at(-1)).toEqual({
      kind: "reserved-beyond-quota",
      vmTypeId: A100,
      text: `${A100} in eastus: 4 nodes are paid for, but the quota lets only 3 run`,
    });
  });

  it("keep the twin without quota, at the VM type's price, when they do not count", () => {
    const applied = applyNow({
      reservations: [{ ...reservation(A100, 4), validUntil: "2027-01-15T12:00:00Z" }],
    });
    expect(offers(applied)).toEqual([`${A100}: 4 × any`, `${A100}:reserved: 4 × 0`, `${T4}: 0.5 × any`]);
    expect(applied.fixedCostPerHourUsd).toBe(0);
  });

  it("that the cluster cannot use are paid nevertheless, and it is said", () => {
    const applied = applyNow({ reservations: [{ ...reservation(A100, 2), region: "westeurope" }] });
    expect(offers(applied)).toEqual([`${A100}: 4 × any`, `${T4}: 0.5 × any`]);
    expect(applied.fixedCostPerHourUsd).toBe(3);
    expect(applied.notes).toEqual([
      {
        kind: "without-effect",
        vmTypeId: null,
        text: "/reservations/0/region: the cluster has no such region here, so the rule would have no effect",
      },
    ]);
  });

  it("give twins the durations of their VM types, a user's own included", () => {
    const entry = (id: string, durationSeconds: number, source: DurationEntry["source"]): DurationEntry => ({
      vmTypeId: vmTypeId(id),
      gpus: 1,
      durationSeconds,
      lowerSeconds: durationSeconds,
      upperSeconds: durationSeconds,
      source,
      warnings: [],
    });
    const { twinOf } = applyNow({ reservations: [reservation(A100, 1)] });
    const missing = { vmTypeId: vmTypeId(A100), gpus: 2, reason: "memory" };
    expect(
      withTwinDurations(
        {
          entries: [
            entry(A100, 100, "user"),
            entry(`${A100}:reserved`, 140, "scaled"),
            entry(T4, 900, "measured"),
          ],
          missing: [missing],
        },
        twinOf,
      ),
    ).toEqual({
      entries: [entry(A100, 100, "user"), entry(T4, 900, "measured"), entry(`${A100}:reserved`, 100, "user")],
      missing: [missing, { ...missing, vmTypeId: `${A100}:reserved` }],
    });
  });
});

describe("spot prices", () => {
  const spotPrices = [{ vmTypeId: A100, region: "eastus", pricePerHourUsd: 0.9 }];

  it("count only for the VM types that are to be planned at them, without discounts", () => {
    const discounts = [{ appliesTo: { kind: "all" as const }, percent: 50 }];
    expect(offers(applyNow({ spotPrices }))).toEqual([`${A100}: 4 × any`, `${T4}: 0.5 × any`]);
    const applied = applyNow({ spotPrices, discounts, planAtSpotPrice: [A100] });
    expect(offers(applied)).toEqual([`${A100}: 0.9 × any`, `${T4}: 0.25 × any`]);
    expect(applied.notes[0]).toMatchObject({ kind: "spot", text: containing("0.9 in place of 4") });
  });

  it("that nobody gave are an error, never free", () => {
    expect(() => applyNow({ spotPrices, planAtSpotPrice: [T4] })).toThrow(
      /\/planAtSpotPrice\/0: no spot price is given for it in eastus, .*found "Standard_NC4as_T4_v3"\. Add it/,
    );
  });

  it("are not scaled by a price calendar", () => {
    const calendar = { zone: "UTC", windows: [], factorOutsideWindows: 2 };
    const applied = applyPricePlan(
      applyPriceCalendar(vmTypes, calendar, NOW),
      plan({ spotPrices, planAtSpotPrice: [A100], reservations: [reservation(T4, 1)] }),
      NOW,
    );
    expect(offers(applied)).toEqual([`${A100}: 0.9 × any`, `${T4}: 1 × any`, `${T4}:reserved: 0 × 1`]);
    expect(applied.fixedCostPerHourUsd).toBe(1.5);
  });
});

describe("the price shown is the price billed", () => {
  const solver = highsSolver({ threads: 1 });
  afterAll(() => solver.close());
  const means = { policy: "progress-value", solver, limits: EXACT } as const;

  it("by hand: three nodes of which two are reserved", () => {
    const applied = applyNow({
      reservations: [reservation(A100, 2, 1.5)],
      discounts: [{ appliesTo: { kind: "all" }, percent: 25 }],
    });
    const nodes = [
      node("1", `${A100}:reserved`, { a: 1 }),
      node("2", `${A100}:reserved`, { b: 1 }),
      node("3", A100, { c: 1 }),
      node("4", T4, { d: 1 }),
    ];
    // 2 · 1.50 paid anyway, one A100 at 3.00, one T4 at 0.375.
    expect(billed({ nodes, applied })).toEqual({ shown: 6.375, billed: 6.375 });
  });

  it("the bill does not depend on the offer that a node was rented under", () => {
    const applied = applyNow({ reservations: [reservation(A100, 2, 1.5)] });
    const nodes = [node("1", A100, { a: 1 }), node("2", A100, { b: 1 })];
    expect(billed({ nodes, applied })).toEqual({ shown: 11, billed: 3 });
  });

  it("for every plan of the planner, whatever is reserved, discounted and running", async () => {
    let reservedNodesUsed = 0;
    let nodesBeyond = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          reserved: fc.integer({ min: 1, max: 4 }),
          quota: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
          percent: fc.integer({ min: 1, max: 60 }),
          dueInSeconds: fc.array(fc.integer({ min: 1_000, max: 500_000 }), { minLength: 1, maxLength: 8 }),
          runsOnDemand: fc.boolean(),
        }),
        async ({ reserved, quota, percent, dueInSeconds, runsOnDemand }) => {
          const applied = applyNow(
            {
              reservations: [reservation(A100, reserved)],
              discounts: [{ appliesTo: { kind: "all" }, percent }],
            },
            [vmType(A100, 4, quota), vmType(T4, 1)],
          );
          const jobs = dueInSeconds.map((due, index) =>
            writtenJob(
              `j${index}`,
              { [A100]: [9000, 5000], [`${A100}:reserved`]: [9000, 5000], [T4]: [36_000, 20_000] },
              { dueInSeconds: due, costPerSecondUsd: 0.001 },
            ),
          );
          const current = { nodes: runsOnDemand && quota !== 1 ? [node("node-1", A100, { j0: 2 })] : [] };
          const problem = writtenProblem({ vmTypes: applied.vmTypes, jobs, maxNodes: 6, current });
          const { allocation } = await choose(problem, means);
          const costs = billed({ nodes: allocation.nodes, applied });
          expect(costs.shown).toBeCloseTo(costs.billed, 9);
          for (const { vmTypeId: id } of allocation.nodes) {
            if (id === `${A100}:reserved`) reservedNodesUsed += 1;
            else nodesBeyond += 1;
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(Math.min(reservedNodesUsed, nodesBeyond)).toBeGreaterThan(20);
  });

  it("a reserved node does not stand idle while a job without urgency waits", async () => {
    const applied = applyNow({ reservations: [reservation(A100, 1)] });
    const job = writtenJob(
      "patient",
      { [A100]: [9000, 5000], [`${A100}:reserved`]: [9000, 5000], [T4]: [36_000] },
      { dueInSeconds: 5_000_000, costPerSecondUsd: 0 },
    );
    const { allocation } = await choose(
      writtenProblem({ vmTypes: applied.vmTypes, jobs: [job], maxNodes: 3 }),
      means,
    );
    expect(allocation.nodes.map(({ vmTypeId: id }) => id)).toEqual([`${A100}:reserved`]);
  });
});

function billed(args: { readonly nodes: readonly AllocatedNode[]; readonly applied: AppliedPricePlan }): {
  readonly shown: number;
  readonly billed: number;
} {
  const rent = rentPerHourUsd(vmTypesOf(args, args.applied.vmTypes));
  return { shown: rent + args.applied.fixedCostPerHourUsd, billed: billedPerHourUsd(args) };
}

describe("a price plan", () => {
  it("may leave lists out, and is kept as it was given", () => {
    const discounts = [{ appliesTo: { kind: "all" }, percent: 5, validUntil: "2027-06-01T00:00:00+02:00" }];
    expect(pricePlanSchema.parse({ discounts })).toEqual({
      discounts,
      reservations: [],
      spotPrices: [],
      planAtSpotPrice: [],
    });
  });

  const all = { kind: "all" };
  const refused: readonly (readonly [string, unknown, string, string])[] = [
    ["100 %", { discounts: [{ appliesTo: all, percent: 100 }] }, "/discounts/0/percent", "below 100"],
    ["no percent", { discounts: [{ appliesTo: all }] }, "/discounts/0/percent", "percent is missing"],
    [
      "a discount twice",
      {
        discounts: [
          { appliesTo: all, percent: 5 },
          { appliesTo: all, percent: 6 },
        ],
      },
      "/discounts/1",
      "repeats /discounts/0",
    ],
    [
      "a discount on something else",
      { discounts: [{ appliesTo: { kind: "gpu" }, percent: 5 }] },
      "/discounts/0/appliesTo/kind",
      "discriminator",
    ],
    [
      "a reservation without price",
      { reservations: [{ ...reservation(A100, 1), pricePerHourUsd: undefined }] },
      "/reservations/0/pricePerHourUsd",
      "missing",
    ],
    [
      "a reservation for 0 USD",
      { reservations: [reservation(A100, 1, 0)] },
      "/reservations/0/pricePerHourUsd",
      "never free",
    ],
    [
      "a reservation of no nodes",
      { reservations: [reservation(A100, 0)] },
      "/reservations/0/nodes",
      "Too small",
    ],
    [
      "a validity that ends before it begins",
      {
        reservations: [
          { ...reservation(A100, 1), validFrom: "2027-01-02T00:00:00Z", validUntil: "2027-01-01T00:00:00Z" },
        ],
      },
      "/reservations/0/validUntil",
      "is not after validFrom",
    ],
    [
      "two spot prices of one VM type",
      {
        spotPrices: [
          { vmTypeId: A100, region: "eastus", pricePerHourUsd: 1 },
          { vmTypeId: A100, region: "eastus", pricePerHourUsd: 2 },
        ],
      },
      "/spotPrices/1",
      "repeats /spotPrices/0",
    ],
    ["an unknown field", { discount: [] }, "/discount", "not a field"],
  ];
  it.each(refused)("with %s is refused", (_name, input, path, message) => {
    const problems = problemsOf(input);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, message: containing(message) });
    expect(problems[0]?.fix).not.toBe("");
  });

  it("with names that the cluster does not have is told so before it silently costs the wrong price", () => {
    const misspelt = plan({
      discounts: [
        { appliesTo: { kind: "vm-type", vmTypeId: "standard_nc24ads_a100-v4" }, percent: 5 },
        { appliesTo: { kind: "family", family: "NCA100v4" }, percent: 5 },
        { appliesTo: { kind: "region", region: "East US" }, percent: 5 },
      ],
      reservations: [reservation("Standard_NC24ads_A100_v5", 1), { ...reservation(T4, 1), region: "westus" }],
      spotPrices: [{ vmTypeId: "p4d.24xlarge", region: "eastus", pricePerHourUsd: 1 }],
      planAtSpotPrice: [T4, "T4"],
    });
    expect(
      pricePlanProblems(misspelt, vmTypes).map(({ path, value, fix }) => [path, value, fix.split("?")[0]]),
    ).toEqual([
      ["/discounts/0/appliesTo/vmTypeId", "standard_nc24ads_a100-v4", `Did you mean "${A100}"`],
      ["/discounts/1/appliesTo/family", "NCA100v4", 'Did you mean "NC_A100_v4"'],
      ["/discounts/2/appliesTo/region", "East US", 'Did you mean "eastus"'],
      ["/reservations/0/vmTypeId", "Standard_NC24ads_A100_v5", `Did you mean "${A100}"`],
      ["/reservations/1/region", "westus", "Use one of: eastus."],
      ["/spotPrices/0/vmTypeId", "p4d.24xlarge", `Use one of: ${A100}, ${T4}.`],
      ["/planAtSpotPrice/0", T4, "Add it to spotPrices, or plan with it on demand."],
      ["/planAtSpotPrice/1", "T4", `Use one of: ${A100}, ${T4}.`],
    ]);
    expect(pricePlanProblems(plan({ reservations: [reservation(A100, 1)] }), vmTypes)).toEqual([]);
  });

  it("needs a catalogue that does not use the ids of reserved nodes itself", () => {
    expect(pricePlanProblems(plan({}), [vmType("X:reserved", 1)])).toMatchObject([
      { value: "X:reserved", message: containing("kept for reserved nodes") },
    ]);
  });
});

function problemsOf(input: unknown): InvalidInput["problems"] {
  try {
    parseInput(pricePlanSchema, input, "settings");
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
}
