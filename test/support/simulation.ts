/** Small simulations for tests. */
import * as fc from "fast-check";
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import type { Job } from "../../src/domain/job.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import type { DecisionMeans } from "../../src/planner/decide.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import { testVmType } from "./random-problem.ts";

/** A solver for rules: they must not ask it. */
export const NO_SOLVER: SolverPort = {
  name: "none",
  solve: () => Promise.reject(new Error("A rule asked the solver")),
  close: () => Promise.resolve(),
};

/** Means of a rule. */
export const ruleMeans = (policy: PolicyName): DecisionMeans => ({
  policy,
  solver: NO_SOLVER,
  limits: { relativeGap: 0, maxTreeNodes: null, deadlineSeconds: null, seed: 7 },
});

/** Two VM types: "small" with one GPU at 1 USD/h, "big" with four at 2 USD/h. */
export const SETTINGS: ClusterSettings = {
  vmTypes: [
    testVmType("big", { gpuCount: 4, pricePerHourUsd: 2, gpuType: "K80" }),
    testVmType("small", { gpuCount: 1, pricePerHourUsd: 1, gpuType: "K80" }),
  ],
  maxNodes: 2,
  nodeLimits: [],
  replanIntervalSeconds: 1e6,
};

/** A job with given seconds by "vmType gpus". */
export function testJob(
  id: string,
  args: {
    readonly seconds: Readonly<Record<string, number>>;
    readonly submittedAtSeconds?: number;
    readonly dueAtSeconds?: number;
    readonly weightPerSecondUsd?: number;
  },
): Job {
  return {
    id: jobId(id),
    workload: { networkName: "measured", framework: "tensorflow", batchSize: 1, samples: 1, epochs: 1 },
    submittedAtSeconds: args.submittedAtSeconds ?? 0,
    dueAtSeconds: args.dueAtSeconds ?? 1e9,
    tardinessCostPerSecondUsd: args.weightPerSecondUsd ?? 0,
    budgetUsd: null,
    durations: {
      entries: Object.entries(args.seconds).map(([key, durationSeconds]) => {
        const [vmType = "", gpus = "1"] = key.split(" ");
        return {
          vmTypeId: vmTypeId(vmType),
          gpus: Number(gpus),
          durationSeconds,
          lowerSeconds: durationSeconds,
          upperSeconds: durationSeconds,
          source: "user" as const,
          warnings: [],
        };
      }),
      missing: [],
    },
  };
}

/** One to twelve jobs for SETTINGS; some arrive together, some are urgent. */
export const someJobs: fc.Arbitrary<readonly Job[]> = fc
  .array(
    fc.record({
      submitted: fc.integer({ min: 0, max: 5 }),
      base: fc.integer({ min: 50, max: 5000 }),
      speedUp: fc.integer({ min: 80, max: 400 }),
      due: fc.integer({ min: 0, max: 20_000 }),
      weight: fc.integer({ min: 0, max: 10 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map(({ submitted, base, speedUp, due, weight }, index) =>
      testJob(`j${String(index).padStart(2, "0")}`, {
        seconds: {
          "small 1": base,
          "big 1": base,
          "big 2": (base * 130) / speedUp,
          "big 4": (base * 100) / speedUp,
        },
        submittedAtSeconds: submitted * 700,
        dueAtSeconds: submitted * 700 + due,
        weightPerSecondUsd: weight / 1000,
      }),
    ),
  );
