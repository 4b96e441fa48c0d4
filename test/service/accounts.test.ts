/** What a cluster has cost: the service and the simulator keep one account, and with what is paid for reservations anyway it is the bill. */
import { afterAll, describe, expect, it } from "vitest";
import { applyPricePlan, billedPerHourUsd } from "../../src/catalog/apply-price-plan.ts";
import { pricePlanSchema } from "../../src/catalog/price-plan.ts";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { withTwinDurations } from "../../src/catalog/reserved-twin.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { ClusterState } from "../../src/domain/cluster-state.ts";
import { rentUsd } from "../../src/domain/cost.ts";
import { vmTypeId } from "../../src/domain/ids.ts";
import { createFirstCluster } from "../../src/service/clusters/first-cluster.ts";
import { foldEvents, foldHistory } from "../../src/service/planning/cluster-fold.ts";
import { clusterOf } from "../../src/service/recording/job-course.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { EXACT } from "../support/limits.ts";
import { testStore } from "../support/test-store.ts";

const solver = highsSolver({ threads: 1 });
const means = { policy: "progress-value", solver, limits: EXACT } as const;
const { store, close } = await testStore();
afterAll(async () => {
  await solver.close();
  await close();
});

const scenario = loadScenario(shippedScenarioPath("prototype-2019"), loadReferenceData());
/** The last submission: what the first cluster takes for now. */
const nowSeconds = Math.max(...scenario.jobs.map((job) => job.submittedAtSeconds));

describe("the account of a cluster", () => {
  it("is that of the simulator on the same course of events, restarts and minimum billing included", async () => {
    const vmTypes = scenario.settings.vmTypes.map((vmType) => ({
      ...vmType,
      bootSeconds: 60,
      minimumBillingSeconds: 600,
    }));
    const dear = {
      ...scenario,
      settings: { ...scenario.settings, vmTypes },
      jobs: scenario.jobs.map((job) => ({ ...job, checkpointSeconds: 30, budgetUsd: 50 })),
    };
    const { state: simulated } = await simulate({ ...dear, means, untilSeconds: nowSeconds });
    await createFirstCluster(store, { scenario: dear, nowSeconds, means });
    const { folded, pending } = await foldHistory(store, "default", undefined);
    const { state } = foldEvents(folded, pending);
    expect(simulated.accruedRentUsd).toBeGreaterThan(0);
    expect(accountOf(state)).toEqual(accountOf(simulated));
    // What can be looked up goes on from each job's last change, and rounds otherwise.
    const nodes = await store.clusters.nodes("default");
    const records = await store.jobs.page("default", {}, 100);
    const looked = clusterOf({ settings: state.settings, nodes, records }, nowSeconds);
    for (const { id, spentUsd } of simulated.jobs)
      expect(looked.jobs.find((entry) => entry.id === id)?.spentUsd).toBeCloseTo(spentUsd, 9);
  });

  it("with what reservations cost anyway is what a provider bills", async () => {
    const reserved = vmTypeId("Standard_NV24");
    const { region } = scenario.settings.vmTypes[0] ?? { region: "" };
    const reservation = { vmTypeId: reserved, region, nodes: 1, pricePerHourUsd: 1.1 };
    const plan = pricePlanSchema.parse({
      reservations: [{ ...reservation, validUntil: "2030-01-01T00:00:00Z" }],
    });
    const applied = applyPricePlan(scenario.settings.vmTypes, plan, nowSeconds);
    const jobs = scenario.jobs.map((job) => ({
      ...job,
      durations: withTwinDurations(job.durations, applied.twinOf),
    }));
    let billedUsd = 0;
    let before: ClusterState | null = null;
    const { state } = await simulate({
      settings: { ...scenario.settings, vmTypes: applied.vmTypes },
      jobs,
      means,
      untilSeconds: null,
      onDecision: ({ state: after }) => {
        if (before !== null)
          billedUsd += rentUsd({
            pricePerHourUsd: billedPerHourUsd({ nodes: before.allocation.nodes, applied }),
            durationSeconds: secondsOf(after) - secondsOf(before),
          });
        before = after;
      },
    });
    const first = Math.min(...jobs.map((job) => job.submittedAtSeconds));
    const anywayUsd = rentUsd({
      pricePerHourUsd: applied.fixedCostPerHourUsd,
      durationSeconds: secondsOf(state) - first,
    });
    expect(applied.fixedCostPerHourUsd).toBe(1.1);
    expect(state.accruedRentUsd).toBeGreaterThan(0);
    expect(state.accruedRentUsd + anywayUsd).toBeCloseTo(billedUsd, 9);
  });
});

const accountOf = ({ accruedRentUsd, accruedTardinessUsd, changeLosses, jobs }: ClusterState): unknown => ({
  accruedRentUsd,
  accruedTardinessUsd,
  changeLosses,
  spent: jobs.map(({ id, spentUsd }) => [id, spentUsd]),
});

function secondsOf({ nowSeconds: at }: ClusterState): number {
  if (at === null) throw new Error("Nothing has happened yet");
  return at;
}
