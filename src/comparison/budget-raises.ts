/**
 * What raising a job's own budget would be worth to a decision. A budget is a filter of configurations (planner/within-budget.ts), so one more dollar is
 * worth nothing until it pays for another configuration, and then all of it at once. So instead of a price, for each job j whose budget bars a configuration:
 *
 *   e_1 < e_2 < … < e_m     expected costs of what it bars: budgets at which more is offered
 *   gain(i) = cost(b_j) − cost(b_j raised to e_i)         at worths that stay as they are: never falls with i, since each raise offers more
 *
 * gain(m) is what no budget at all would be worth. Where it is something, the least e_i with a gain is looked for by halving, each time by deciding again. A job
 * that its budget leaves nothing has no worth in the decision as it is, and gets the one that it would have without a budget; all others keep theirs.
 * Deciding again takes a whole decision each time, so only the jobs are tried that would gain most if nothing else stood in their way.
 */
import { placements } from "../domain/allocation.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import { findJob } from "../domain/cluster-state.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { compareIds } from "../domain/ids.ts";
import type { Proof } from "../domain/plan.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import type { SeparableObjective } from "../formulation/objective.ts";
import { isSeparable, separableObjective } from "../formulation/objective.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import { posePolicy } from "../planner/policy.ts";
import { poseWithoutBudgets } from "../planner/pose.ts";
import { paysFor, sharedCostUsd, withinBudgets } from "../planner/within-budget.ts";
import type { Resolved } from "./resolved-decision.ts";
import { resolveSeparable } from "./resolved-decision.ts";

/** Where a job runs in a plan. */
export interface RunsOn {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
}

/** The smallest raise of one job's budget that makes a better plan possible. */
export interface BudgetRaise {
  readonly jobId: JobId;
  readonly budgetUsd: number;
  readonly spentUsd: number;
  readonly raisedToUsd: number;
  /** Where the job runs in the plan as it is, and in the better one; null where it waits. */
  readonly from: RunsOn | null;
  readonly to: RunsOn | null;
  /** Of `gain` and `unlimitedGain`. */
  readonly unit: Proof["unit"];
  /** Improvement of the objective by this raise. */
  readonly gain: number;
  /** Improvement without any budget of this job. */
  readonly unlimitedGain: number;
  /** What the proofs of both decisions leave open of `gain`. */
  readonly gainUncertainty: number;
}

/** Raises for the jobs that were tried, the largest gain first. */
export interface BudgetRaises {
  /** Jobs whose budget bars a configuration. */
  readonly boundJobs: number;
  /** Those that were tried: the ones that might gain most. */
  readonly triedJobs: number;
  readonly raises: readonly BudgetRaise[];
}

const MOST_TRIED = 10;
/** Time for all jobs together, in deadlines of one decision. */
const DEADLINES = 3;
/** Decisions stop at equal costs of this share (planner/settle.ts): smaller gains are none. */
const EQUAL_COSTS = 1e-6;

/** A job whose budget bars something. */
interface BoundJob {
  /** With all that it could run on. */
  readonly whole: PlanningJob;
  /** With what its budget pays for; undefined where that is nothing. */
  readonly offered: PlanningJob | undefined;
  readonly spentUsd: number;
  readonly budgetUsd: number;
  /** Expected costs of what is barred, ascending. */
  readonly steps: readonly number[];
}

/** See the file's header; null where the policy optimises no sum over jobs and nodes: then no worths could stay as they are. */
export async function budgetRaises(state: ClusterState, means: DecisionMeans): Promise<BudgetRaises | null> {
  const whole = poseWithoutBudgets(state);
  const problem = withinBudgets(whole);
  const { objective, rule } = posePolicy(means.policy, problem, means.limits.seed);
  if (rule !== null || !isSeparable(objective)) return null;
  const bound = boundJobs(state, whole, problem);
  if (bound.length === 0) return { boundJobs: 0, triedJobs: 0, raises: [] };
  const now = await resolveSeparable(problem, objective, { means, known: [] });
  const ranked = bound
    .map((job) => {
      const worths = withWorthOf(job, { problem, objective, policy: means.policy });
      return { job, worths, potential: potentialOf(job, worths, { problem, now }) };
    })
    .sort((a, b) => b.potential - a.potential || compareIds(a.job.whole.id, b.job.whole.id))
    .slice(0, MOST_TRIED);
  const raises: BudgetRaise[] = [];
  const startedAt = means.clock?.() ?? 0;
  let triedJobs = 0;
  for (const { job, worths } of ranked) {
    if (isOutOfTime(means, startedAt)) break;
    triedJobs += 1;
    const raise = await smallestRaise(job, { problem, worths, now, means });
    if (raise !== null) raises.push(raise);
  }
  raises.sort((a, b) => b.gain - a.gain || compareIds(a.jobId, b.jobId));
  return { boundJobs: bound.length, triedJobs, raises };
}

/** Where decisions are long, as many jobs are tried as fit into a few of them. */
const isOutOfTime = ({ clock, limits }: DecisionMeans, startedAt: number): boolean =>
  clock !== undefined &&
  limits.deadlineSeconds !== null &&
  clock() - startedAt > DEADLINES * limits.deadlineSeconds;

function boundJobs(
  state: ClusterState,
  whole: PlanningProblem,
  problem: PlanningProblem,
): readonly BoundJob[] {
  const offered = new Map(problem.jobs.map((job) => [job.id, job]));
  return whole.jobs.flatMap((job): readonly BoundJob[] => {
    const budgetUsd = findJob(state, job.id)?.job.budgetUsd ?? null;
    if (budgetUsd === null) return [];
    const barred = job.configurations
      .map(costIn(whole))
      .filter((costUsd) => !paysFor(job.budgetLeftUsd, costUsd));
    if (barred.length === 0) return [];
    const spentUsd = findJob(state, job.id)?.spentUsd ?? 0;
    const steps = [...new Set(barred)].sort((a, b) => a - b);
    return [{ whole: job, offered: offered.get(job.id), spentUsd, budgetUsd, steps }];
  });
}

function costIn({ vmTypes }: PlanningProblem): (configuration: Configuration) => number {
  const byId = new Map(vmTypes.map((vmType) => [vmType.id, vmType]));
  return (configuration) => {
    const vmType = byId.get(configuration.vmTypeId);
    return vmType === undefined ? Infinity : sharedCostUsd(vmType, configuration);
  };
}

/** The problem with one job's budget raised so that it pays for a cost. */
function raisedTo(costUsd: number, { whole }: BoundJob, problem: PlanningProblem): PlanningProblem {
  const costOf = costIn(problem);
  const raised: PlanningJob = {
    ...whole,
    budgetLeftUsd: costUsd,
    configurations: whole.configurations.filter((configuration) => paysFor(costUsd, costOf(configuration))),
  };
  const others = problem.jobs.filter(({ id }) => id !== whole.id);
  return { ...problem, jobs: [...others, raised].sort((a, b) => compareIds(a.id, b.id)) };
}

/** An objective that says the same of every problem with one job's budget raised. */
type Worths = (problem: PlanningProblem) => SeparableObjective;

function withWorthOf(
  job: BoundJob,
  args: {
    readonly problem: PlanningProblem;
    readonly objective: SeparableObjective;
    readonly policy: DecisionMeans["policy"];
  },
): Worths {
  const { problem, objective, policy } = args;
  const { id } = job.whole;
  const own = job.offered === undefined ? worthWithoutBudget(job, problem, policy) : objective;
  const waiting = own.waiting(job.offered ?? job.whole);
  return (raised) =>
    separableObjective(raised, {
      ...objective,
      running: (other, configuration) =>
        other.id === id ? own.running(other, configuration) : objective.running(other, configuration),
      waiting: (other) => (other.id === id ? waiting : objective.waiting(other)),
    });
}

function worthWithoutBudget(
  job: BoundJob,
  problem: PlanningProblem,
  policy: DecisionMeans["policy"],
): SeparableObjective {
  const { objective } = posePolicy(policy, raisedTo(job.steps.at(-1) ?? 0, job, problem));
  if (!isSeparable(objective)) throw new Error(`Policy ${policy} adds up over some problems only`);
  return objective;
}

/** What the job alone would gain on a full node of the best that is barred, beside what it has now; what stands in its way is not looked at. */
function potentialOf(
  { whole, steps }: BoundJob,
  worths: Worths,
  { problem, now }: { readonly problem: PlanningProblem; readonly now: Resolved },
): number {
  const objective = worths(problem);
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const costOf = (configuration: Configuration): number => {
    const vmType = vmTypes.get(configuration.vmTypeId);
    if (vmType === undefined) return Infinity;
    return (
      objective.running(whole, configuration) +
      (objective.node(vmType) * configuration.gpus) / vmType.gpuCount
    );
  };
  const expected = costIn(problem);
  const barred = whole.configurations.filter(
    (configuration) => expected(configuration) >= (steps[0] ?? Infinity),
  );
  const placed = runsOn(now, whole.id);
  const present = whole.configurations.find(
    ({ vmTypeId, gpus }) => placed?.vmTypeId === vmTypeId && placed.gpus === gpus,
  );
  const has = present === undefined ? objective.waiting(whole) : costOf(present);
  return has - Math.min(...barred.map(costOf));
}

async function smallestRaise(
  job: BoundJob,
  args: {
    readonly problem: PlanningProblem;
    readonly worths: Worths;
    readonly now: Resolved & { readonly gap: number };
    readonly means: DecisionMeans;
  },
): Promise<BudgetRaise | null> {
  const { problem, worths, now, means } = args;
  const { steps } = job;
  const trial = async (step: number) => {
    const raised = raisedTo(steps[step] ?? NaN, job, problem);
    const objective = worths(raised);
    const then = await resolveSeparable(raised, objective, { means, known: [now.allocation] });
    return { ...then, step, gain: objective.costOf(now.allocation) - then.cost };
  };
  const unlimited = await trial(steps.length - 1);
  const least = EQUAL_COSTS * Math.max(1, Math.abs(now.cost));
  if (unlimited.gain <= least) return null;
  let found = unlimited;
  for (let low = 0; low < found.step;) {
    const middle = await trial(Math.floor((low + found.step) / 2));
    if (middle.gain > least) found = middle;
    else low = middle.step + 1;
  }
  const open = now.gap + found.gap;
  return {
    jobId: job.whole.id,
    budgetUsd: job.budgetUsd,
    spentUsd: job.spentUsd,
    raisedToUsd: job.spentUsd + (steps[found.step] ?? NaN),
    from: runsOn(now, job.whole.id),
    to: runsOn(found, job.whole.id),
    unit: worths(problem).unit,
    gain: found.gain,
    unlimitedGain: Math.max(unlimited.gain, found.gain),
    gainUncertainty: open <= least ? 0 : open,
  };
}

function runsOn({ allocation }: Pick<Resolved, "allocation">, id: JobId): RunsOn | null {
  const placed = placements(allocation).get(id);
  return placed === undefined ? null : { vmTypeId: placed.vmTypeId, gpus: placed.gpus };
}
