/** Two accounts of the same simulation, the engine's and the clocks', agree where changes cost something; and the rent adds up. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import { activeJobs } from "../../src/domain/cluster-state.ts";
import { rentUsd } from "../../src/domain/cost.ts";
import type { JobId } from "../../src/domain/ids.ts";
import type { Job } from "../../src/domain/job.ts";
import { LEAST_REMAINING_SHARE } from "../../src/planner/remaining-work.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import type { ActualSeconds } from "../../src/simulator/actual-durations.ts";
import { asPredicted, noisyDurations } from "../../src/simulator/actual-durations.ts";
import { fluidBoundUsd } from "../../src/simulator/fluid-bound.ts";
import type { History, JobInterval } from "../../src/simulator/history.ts";
import { historyRecorder } from "../../src/simulator/history.ts";
import { metricsOf } from "../../src/simulator/metrics.ts";
import type { SimulationResult } from "../../src/simulator/simulate.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { seeded } from "../support/seed.ts";
import { NO_SOLVER, ruleMeans, SETTINGS, someJobs, testJob } from "../support/simulation.ts";

/** The pipeline without a solver: it moves, stops and weighs. */
const means = (policy: PolicyName) => ({
  ...ruleMeans(policy),
  solver:
    policy === "progress-value"
      ? { ...NO_SOLVER, solve: () => Promise.resolve({ kind: "failed" as const, message: "no solver" }) }
      : NO_SOLVER,
});

interface Costs {
  readonly checkpointSeconds: number;
  readonly bootSeconds: number;
  readonly minimumBillingSeconds: number;
}

const withCosts = ({ bootSeconds, minimumBillingSeconds }: Costs): ClusterSettings => ({
  ...SETTINGS,
  vmTypes: SETTINGS.vmTypes.map((vmType) => ({ ...vmType, bootSeconds, minimumBillingSeconds })),
});

/** Seconds of an interval in which the job makes progress. */
const progressSeconds = ({ progressFromSeconds, toSeconds }: JobInterval): number =>
  Math.max(0, toSeconds - progressFromSeconds);

function shareDone(history: History, job: Job, actualSeconds: ActualSeconds): number {
  return history.runs
    .filter((interval) => interval.jobId === job.id)
    .reduce((total, run) => total + progressSeconds(run) / actualSeconds(job, run.vmTypeId, run.gpus), 0);
}

const costs = fc.record({
  checkpointSeconds: fc.constantFrom(0, 40, 300),
  bootSeconds: fc.constantFrom(0, 70, 500),
  minimumBillingSeconds: fc.constantFrom(0, 600, 3600),
});

async function run(
  settings: ClusterSettings,
  jobs: readonly Job[],
  args: {
    readonly policy: PolicyName;
    readonly actualSeconds: ActualSeconds;
    readonly onDecision?: (history: History, state: SimulationResult["state"]) => void;
  },
): Promise<{ readonly state: SimulationResult["state"]; readonly history: History }> {
  const recorder = historyRecorder(settings.vmTypes);
  const { state } = await simulate({
    settings,
    jobs,
    means: means(args.policy),
    untilSeconds: null,
    actualSeconds: args.actualSeconds,
    onDecision: (decision, events, seconds) => {
      recorder.record(decision, events, seconds);
      args.onDecision?.(recorder.history(), decision.state);
    },
  });
  return { state, history: recorder.history() };
}

describe.each<{ readonly policy: PolicyName; readonly numRuns: number }>([
  { policy: "progress-value", numRuns: 20 },
  { policy: "greedy", numRuns: 25 },
  { policy: "fifo", numRuns: 15 },
])("$policy", ({ policy, numRuns }) => {
  test("engine and clocks agree on every job's progress where durations are as predicted", async () => {
    await fc.assert(
      fc.asyncProperty(someJobs, costs, async (drawn, drawnCosts) => {
        const { checkpointSeconds } = drawnCosts;
        const jobs = drawn.map((job) => ({ ...job, checkpointSeconds }));
        const byId = new Map<JobId, Job>(jobs.map((job) => [job.id, job]));
        await run(withCosts(drawnCosts), jobs, {
          policy,
          actualSeconds: asPredicted,
          onDecision: (history, state) => {
            for (const { id, completedShare } of activeJobs(state)) {
              const job = byId.get(id);
              if (job === undefined) throw new Error(`no job ${id}`);
              const really = shareDone(history, job, asPredicted);
              // The engine takes nobody for finished before it is told.
              const believed = Math.min(really, 1 - LEAST_REMAINING_SHARE);
              expect(Math.abs(completedShare - believed)).toBeLessThan(1e-9);
            }
          },
        });
      }),
      seeded(numRuns),
    );
  });

  test("work, holds and rent add up whatever the durations really are", async () => {
    await fc.assert(
      fc.asyncProperty(someJobs, costs, fc.constantFrom(0, 0.4), async (drawn, drawnCosts, sigma) => {
        const { checkpointSeconds, minimumBillingSeconds, bootSeconds } = drawnCosts;
        const jobs = drawn.map((job) => ({ ...job, checkpointSeconds }));
        const actualSeconds = noisyDurations({ seed: 5, sigma });
        const settings = withCosts(drawnCosts);
        const { state, history } = await run(settings, jobs, { policy, actualSeconds });

        for (const job of jobs) {
          expect(shareDone(history, job, actualSeconds)).toBeCloseTo(1, 6);
          let begun = false;
          for (const interval of history.runs.filter(({ jobId }) => jobId === job.id)) {
            const node = history.nodes.find(({ nodeId }) => nodeId === interval.nodeId);
            const ready = Math.max(interval.fromSeconds, node?.readyAtSeconds ?? NaN);
            expect(interval.progressFromSeconds).toBeCloseTo(ready + (begun ? checkpointSeconds : 0), 6);
            begun ||= progressSeconds(interval) > 0;
          }
        }

        const prices = new Map(SETTINGS.vmTypes.map((vmType) => [vmType.id, vmType.pricePerHourUsd]));
        const billed = (node: History["nodes"][number], durationSeconds: number): number =>
          rentUsd({ pricePerHourUsd: prices.get(node.vmTypeId) ?? NaN, durationSeconds });
        const total = (usdOf: (node: History["nodes"][number], keptSeconds: number) => number): number =>
          history.nodes.reduce((sum, node) => sum + usdOf(node, node.toSeconds - node.fromSeconds), 0);
        const rent = total((node, kept) => billed(node, Math.max(kept, minimumBillingSeconds)));
        expect(state.accruedRentUsd).toBeCloseTo(rent, 8);
        const { changeLosses } = metricsOf(state, history, 0);
        expect(changeLosses.unusedBillingUsd).toBeCloseTo(
          total((node, kept) => billed(node, Math.max(0, minimumBillingSeconds - kept))),
          8,
        );
        expect(changeLosses.bootUsd).toBeCloseTo(
          total((node, kept) => billed(node, Math.min(kept, bootSeconds))),
          8,
        );
        const held = history.runs.reduce((sum, { fromSeconds, progressFromSeconds, toSeconds, nodeId }) => {
          const ready = history.nodes.find((node) => node.nodeId === nodeId)?.readyAtSeconds ?? NaN;
          return sum + Math.max(0, Math.min(progressFromSeconds, toSeconds) - Math.max(fromSeconds, ready));
        }, 0);
        expect(changeLosses.restartSeconds).toBeCloseTo(held, 5);
        const bound = fluidBoundUsd({ ...settings, jobs, actualSeconds });
        expect(state.accruedRentUsd + state.accruedTardinessUsd).toBeGreaterThanOrEqual(bound * (1 - 1e-9));
      }),
      seeded(numRuns),
    );
  });

  test("costs of 0 are no costs: the same runs to the last bit", async () => {
    await fc.assert(
      fc.asyncProperty(someJobs, async (jobs) => {
        const zero = { checkpointSeconds: 0, bootSeconds: 0, minimumBillingSeconds: 0 };
        const zeroJobs = jobs.map((job) => ({ ...job, checkpointSeconds: 0 }));
        const actualSeconds = noisyDurations({ seed: 9, sigma: 0.2 });
        const said = await run(withCosts(zero), zeroJobs, { policy, actualSeconds });
        const unsaid = await run(SETTINGS, jobs, { policy, actualSeconds });
        expect(said.history).toEqual(unsaid.history);
        expect(said.state.accruedRentUsd).toBe(unsaid.state.accruedRentUsd);
      }),
      seeded(10),
    );
  });
});

test("one job pays boot, work and the rest of the minimum billing", async () => {
  const job = testJob("a", { seconds: { "small 1": 1000 }, dueAtSeconds: 1000, weightPerSecondUsd: 0.01 });
  const settings = withCosts({ checkpointSeconds: 0, bootSeconds: 200, minimumBillingSeconds: 3600 });
  const { state, history } = await run(settings, [job], { policy: "fifo", actualSeconds: asPredicted });
  expect(history.jobs[0]?.completedAtSeconds).toBe(1200);
  expect(state.accruedRentUsd).toBeCloseTo(1, 12);
  expect(state.accruedTardinessUsd).toBeCloseTo(2, 12);
  expect(state.changeLosses.unusedBillingUsd).toBeCloseTo(2400 / 3600, 12);
});
