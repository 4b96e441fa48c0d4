/** Simulates the same jobs to completion under every variant, on copies, and compares what that costs. */
import type { SolverPort } from "../milp/solver-port.ts";
import type { VmTypeId } from "../domain/ids.ts";
import type { LimitUnit } from "../domain/node-limit.ts";
import { applyVariant } from "./apply-variant.ts";
import type { ComparisonRequest } from "./compare-decisions.ts";
import type { ComparisonWatch } from "./comparison-watch.ts";
import { isStopped, UNWATCHED, watchPart } from "./comparison-watch.ts";
import { durationQualityNotes } from "./duration-quality.ts";
import type { HorizonDifference, SimulatedVariant } from "./horizon-differences.ts";
import { horizonDifference } from "./horizon-differences.ts";
import { horizonFigures, mostAtOnce } from "./horizon-figures.ts";
import type { HorizonLimits, HorizonRun, HorizonTask } from "./horizon-run.ts";
import { horizonTask, runHorizon } from "./horizon-run.ts";
import type { RaisableLimit } from "./raisable-limits.ts";
import { isUsedUp, mayBind, raisableLimits } from "./raisable-limits.ts";
import type { VariantCase } from "./variant.ts";

/** What a runner answers: the runs in the order of the tasks, or that it was stopped between two. */
export type HorizonRuns =
  | { readonly kind: "finished"; readonly runs: readonly HorizonRun[] }
  | { readonly kind: "cancelled"; readonly runsDone: number };

/** Runs tasks, one after the other or at a time; `onShare` is told how far each task is. */
export type HorizonRunner = (
  tasks: readonly HorizonTask[],
  watch: {
    readonly onShare: (taskIndex: number, share: number) => void;
    /** Whether to stop; may be asked after every decision, since it lets others work. */
    readonly isStopped: () => Promise<boolean>;
  },
) => Promise<HorizonRuns>;

/** What one more of a limit changes over the first variant's whole horizon: simulated again with the limit raised. */
export interface HorizonMarginal {
  readonly kind: RaisableLimit["kind"];
  readonly limitId: string;
  readonly vmTypeId: VmTypeId | null;
  readonly words: string;
  readonly amount: number;
  readonly amountUnit: LimitUnit;
  /** Whether what was left of the limit was at any time too little for one more node that counts. */
  readonly isUsedUp: boolean;
  /** The limit's dual price, added up over all decisions: USD of progress value, not of cost; null where the policy has no such prices. */
  readonly priceSumUsd: number | null;
  readonly totalCostChangeUsd: number;
  readonly tardinessChangeSeconds: number;
}

/** A horizon beside the first one. */
export interface ComparedHorizon extends SimulatedVariant {
  /** null for the first variant. */
  readonly difference: HorizonDifference | null;
}

/** Horizons compared, or given up. */
export type HorizonComparison =
  | {
      readonly kind: "compared";
      readonly variants: readonly ComparedHorizon[];
      /** Of the first variant; null when nobody asked for them. */
      readonly marginals: readonly HorizonMarginal[] | null;
    }
  | { readonly kind: "cancelled"; readonly variantsDone: number };

/** Runs horizons one after the other in the caller's thread. */
export const oneByOne =
  (solver: SolverPort): HorizonRunner =>
  async (tasks, { onShare, isStopped }) => {
    const runs: HorizonRun[] = [];
    for (const [index, task] of tasks.entries()) {
      const run = await runHorizon(task, solver, {
        onShare: (share) => {
          onShare(index, share);
        },
        pause: async () => ((await isStopped()) ? "stop" : "go-on"),
      });
      if (run === null) return { kind: "cancelled", runsDone: runs.length };
      runs.push(run);
    }
    return { kind: "finished", runs };
  };

/** Compares horizons from the base's state to the completion of every job. Throws when a policy never starts a job. */
export async function compareHorizons(
  { base, variants, marginals }: ComparisonRequest,
  means: { readonly run: HorizonRunner; readonly limits: HorizonLimits },
  watch: ComparisonWatch = UNWATCHED,
): Promise<HorizonComparison> {
  const cases = variants.map((variant) => startable(applyVariant(base, variant)));
  const task = (own: VariantCase): HorizonTask => horizonTask(own, means.limits);
  const [firstCase, ...otherCases] = cases;
  if (firstCase === undefined) throw new RangeError("A comparison needs variants");
  const prices = marginals === "none" ? "none" : "every-decision";
  const tasks = [horizonTask(firstCase, means.limits, prices), ...otherCases.map(task)];
  const variantShare = marginals === "none" ? 1 : cases.length / (cases.length + 1);
  const finished = await means.run(tasks, watched(watchPart(watch, 0, variantShare), cases.length));
  if (finished.kind === "cancelled") return { kind: "cancelled", variantsDone: finished.runsDone };
  const simulated = cases.flatMap((own, index): readonly SimulatedVariant[] => {
    const run = finished.runs[index];
    return run === undefined ? [] : [simulatedVariant(own, run)];
  });
  const [first] = simulated;
  if (first === undefined) throw new RangeError("A comparison needs variants");
  const compared = simulated.map((own) => ({
    ...own,
    difference: own === first ? null : horizonDifference(first, own),
  }));
  if (marginals === "none") return { kind: "compared", variants: compared, marginals: null };
  const values = await horizonMarginals(first, { run: means.run, task }, watchPart(watch, variantShare, 1));
  return values === null
    ? { kind: "cancelled", variantsDone: compared.length }
    : { kind: "compared", variants: compared, marginals: values };
}

function simulatedVariant(own: VariantCase, run: HorizonRun): SimulatedVariant {
  const figures = horizonFigures(run, own.state.settings.vmTypes);
  const mostly = [...figures.jobs].flatMap(([id, job]) =>
    job.mostly === null ? [] : ([[id, job.mostly]] as const),
  );
  const jobs = [...own.state.jobs.map(({ job }) => job), ...own.arrivals];
  const notes = [...own.notes, ...durationQualityNotes(jobs, new Map(mostly))];
  return { case: { ...own, notes }, run, figures };
}

/** Without nodes no job would ever complete. */
function startable(own: VariantCase): VariantCase {
  if (own.state.settings.maxNodes > 0) return own;
  const reason = "this variant allows no node, so that it never starts";
  const jobs = [...own.state.jobs.map(({ id }) => id), ...own.arrivals.map(({ id }) => id)];
  return {
    ...own,
    state: { ...own.state, jobs: [], allocation: { nodes: [] } },
    arrivals: [],
    leftOut: [...own.leftOut, ...jobs.map((jobId) => ({ jobId, reason }))],
  };
}

/** null when cancelled. */
async function horizonMarginals(
  first: SimulatedVariant,
  means: { readonly run: HorizonRunner; readonly task: (own: VariantCase) => HorizonTask },
  watch: ComparisonWatch,
): Promise<readonly HorizonMarginal[] | null> {
  const { state } = first.case;
  const limits = raisableLimits(state.settings);
  const used = limits.map(({ weightOf }) => mostAtOnce(first.run.history.nodes, weightOf));
  // Where there was always room for one more node of every VM type that counts, one more changes nothing.
  const scarce = limits.filter((limit, index) => mayBind(limit, used[index] ?? NaN));
  const tasks = scarce.map((limit) =>
    means.task({ ...first.case, state: { ...state, settings: limit.raise(state.settings) } }),
  );
  const finished = await means.run(tasks, watched(watch, tasks.length));
  if (finished.kind === "cancelled") return null;
  return limits.map((limit, index) => {
    const run = finished.runs[scarce.indexOf(limit)];
    const { metrics } = first.run;
    return {
      kind: limit.kind,
      limitId: limit.limitId,
      vmTypeId: limit.vmTypeId,
      words: limit.words,
      amount: limit.amount,
      amountUnit: limit.amountUnit,
      isUsedUp: isUsedUp(limit, used[index] ?? NaN),
      priceSumUsd:
        first.run.priceSums === null
          ? null
          : (first.run.priceSums.find(({ limitId }) => limitId === limit.limitId)?.sumUsd ?? 0),
      totalCostChangeUsd: run === undefined ? 0 : run.metrics.totalCostUsd - metrics.totalCostUsd,
      tardinessChangeSeconds: run === undefined ? 0 : run.metrics.tardinessSeconds - metrics.tardinessSeconds,
    };
  });
}

/** Progress of several tasks as that of one. */
function watched(watch: ComparisonWatch, taskCount: number): Parameters<HorizonRunner>[1] {
  const shares = new Array<number>(taskCount).fill(0);
  return {
    onShare: (index, share) => {
      shares[index] = share;
      const done = shares.reduce((total, value) => total + value, 0) / Math.max(1, taskCount);
      watch.onProgress?.(done, `${taskCount} horizon${taskCount === 1 ? "" : "s"}`);
    },
    isStopped: () => isStopped(watch),
  };
}
