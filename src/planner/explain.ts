/**
 * Explains a plan job by job: for every configuration a job could have, what it would take, what it would change, and what stands
 * against it. Each alternative is tried on the plan itself with everything else staying where it is, so that every number can be checked.
 */
import type { Allocation, Placement } from "../domain/allocation.ts";
import { gpusInUse, placements } from "../domain/allocation.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import { findJob } from "../domain/cluster-state.ts";
import { shareOfRentUsd, tardinessCostUsd, tardinessSeconds } from "../domain/cost.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { nodeId } from "../domain/ids.ts";
import type { LimitUnit } from "../domain/node-limit.ts";
import { exceededLimits, limitUsage } from "../domain/node-limit.ts";
import type { Plan } from "../domain/plan.ts";
import type { Configuration, PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { Objective } from "../formulation/objective.ts";
import { summarise } from "./explanation-summary.ts";
import { posePolicy } from "./policy.ts";
import type { PolicyName } from "./policy.ts";
import { poseWithoutBudgets } from "./pose.ts";
import { weighedObjective } from "./weigh-changes.ts";
import { paysFor, sharedCostUsd, withinBudgets } from "./within-budget.ts";

/** What stands for or against a configuration. Changes are in the objective's unit; positive is worse. */
export type Verdict =
  | { readonly kind: "chosen" }
  | { readonly kind: "worse"; readonly objectiveLoss: number }
  | { readonly kind: "as-good" }
  | { readonly kind: "better"; readonly objectiveGain: number }
  | { readonly kind: "blocked-by-node-limit"; readonly maxNodes: number }
  | { readonly kind: "blocked-by-quota"; readonly quotaNodes: number }
  /** One node more would exceed a limit of which the nodes that stay use `used`. */
  | {
      readonly kind: "blocked-by-limit";
      readonly limitId: string;
      readonly label: string;
      readonly unit: LimitUnit;
      readonly used: number;
      readonly limit: number;
    }
  /** The rest of the job there costs more, even on a full node, than its budget has left. */
  | { readonly kind: "over-budget"; readonly sharedRentUsd: number; readonly budgetLeftUsd: number }
  | { readonly kind: "impossible"; readonly reason: string };

/** One configuration of a job; times and costs are null where it has no duration. */
export interface Alternative {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  /** Until completion: the work, and before it what a change holds up at least. */
  readonly durationSeconds: number | null;
  readonly tardinessSeconds: number | null;
  readonly tardinessCostUsd: number | null;
  /** Rent until completion if all GPUs of the node are in use. */
  readonly sharedRentUsd: number | null;
  /** Rent until completion alone on the node. */
  readonly aloneRentUsd: number | null;
  readonly verdict: Verdict;
}

/** Why a job runs where it runs, or waits. */
export interface JobExplanation {
  readonly jobId: JobId;
  readonly decision: "running" | "waiting";
  /** What running is worth against waiting, in the objective's unit, with everything else as planned; null for a job that waits. */
  readonly gainOverWaiting: number | null;
  /** One sentence for people. */
  readonly summary: string;
  /** Chosen first, then by how little worse, then those that are blocked or impossible. */
  readonly alternatives: readonly Alternative[];
}

/** Relative changes of the objective below this are noise of floating point. */
const EQUAL_OBJECTIVE = 1e-9;

/** What is explained: a plan, on the state it was decided on, under the policy that decided it. */
export interface ExplainedPlan {
  readonly state: ClusterState;
  readonly plan: Pick<Plan, "allocation">;
  readonly policy: PolicyName;
}

/** Explains a plan on the state it was decided on. */
export function explain(
  state: ClusterState,
  plan: Pick<Plan, "allocation">,
  policy: PolicyName,
): readonly JobExplanation[] {
  const planned = plannedOn({ state, plan, policy });
  return planned.jobs.map((job) => explainOne(state, planned, job));
}

/** Explains some jobs of a plan; those that the plan does not know are left out. */
export function explainJobs(explained: ExplainedPlan, jobIds: readonly string[]): readonly JobExplanation[] {
  const wanted = new Set(jobIds);
  const planned = plannedOn(explained);
  return planned.jobs.flatMap((job) =>
    wanted.has(job.id) ? [explainOne(explained.state, planned, job)] : [],
  );
}

function plannedOn({ state, plan, policy }: ExplainedPlan): Planned {
  const all = poseWithoutBudgets(state);
  const problem = withinBudgets(all);
  const posed = posePolicy(policy, problem);
  const objective =
    posed.rule === null ? weighedObjective(problem, posed.objective, { policy }) : posed.objective;
  return {
    problem,
    jobs: all.jobs,
    objective,
    planCost: objective.costOf(plan.allocation),
    allocation: plan.allocation,
    placed: placements(plan.allocation),
    placedBefore: placements(problem.current),
  };
}

function explainOne(state: ClusterState, planned: Planned, job: PlanningJob): JobExplanation {
  const missing = findJob(state, job.id)?.job.durations.missing ?? [];
  const candidate: Candidate = { job, others: withoutJob(planned.allocation, job.id) };
  const alternatives = [
    ...job.configurations.map((configuration) => tryOut(planned, candidate, configuration)),
    ...missing.map(({ vmTypeId, gpus, reason }): Alternative => ({
      vmTypeId,
      gpus,
      durationSeconds: null,
      tardinessSeconds: null,
      tardinessCostUsd: null,
      sharedRentUsd: null,
      aloneRentUsd: null,
      verdict: { kind: "impossible", reason },
    })),
  ].sort((a, b) => rank(a.verdict) - rank(b.verdict) || loss(a.verdict) - loss(b.verdict));
  const runs = planned.placed.has(job.id);
  const gainOverWaiting = runs ? planned.objective.costOf(candidate.others) - planned.planCost : null;
  return {
    jobId: job.id,
    decision: runs ? "running" : "waiting",
    gainOverWaiting,
    summary: summarise(gainOverWaiting, alternatives, planned.objective),
    alternatives,
  };
}

interface Planned {
  readonly problem: PlanningProblem;
  /** All active jobs, also those whose budget pays for nothing, with all their configurations. */
  readonly jobs: readonly PlanningJob[];
  readonly objective: Objective;
  readonly planCost: number;
  readonly allocation: Allocation;
  readonly placed: ReadonlyMap<JobId, Placement>;
  /** Before the plan. */
  readonly placedBefore: ReadonlyMap<JobId, Placement>;
}

/** A job, and the plan without it. */
interface Candidate {
  readonly job: PlanningJob;
  readonly others: Allocation;
}

function tryOut(planned: Planned, candidate: Candidate, configuration: Configuration): Alternative {
  const { job } = candidate;
  const { vmTypeId, gpus } = configuration;
  const vmType = planned.problem.vmTypes.find((candidate) => candidate.id === vmTypeId);
  if (vmType === undefined) throw new Error(`Configuration on unknown VM type ${vmTypeId}`);
  const durationSeconds = configuration.durationSeconds + leastHoldSeconds(planned, job, { vmType, gpus });
  const end = { ...job, completionAtSeconds: planned.problem.nowSeconds + durationSeconds };
  const sharedRentUsd = sharedCostUsd(vmType, configuration);
  const { budgetLeftUsd } = job;
  return {
    vmTypeId,
    gpus,
    durationSeconds,
    tardinessSeconds: tardinessSeconds(end),
    tardinessCostUsd: tardinessCostUsd(end),
    sharedRentUsd,
    aloneRentUsd: shareOfRentUsd({ ...vmType, durationSeconds, gpus, gpusInUse: gpus }),
    verdict:
      budgetLeftUsd === undefined || paysFor(budgetLeftUsd, sharedRentUsd)
        ? judge(planned, candidate, { vmType, gpus })
        : { kind: "over-budget", sharedRentUsd, budgetLeftUsd },
  };
}

/** What a job holds its GPUs before it works in a configuration: nothing more than now where it stays, else its restart, and a boot where no node of the type is rented. */
function leastHoldSeconds(
  { problem: { current, leases = [], nowSeconds }, placedBefore }: Planned,
  job: PlanningJob,
  { vmType, gpus }: { readonly vmType: VmType; readonly gpus: number },
): number {
  const now = placedBefore.get(job.id);
  if (now?.vmTypeId === vmType.id && now.gpus === gpus) return job.heldSeconds ?? 0;
  const readyAt = new Map(leases.map((lease) => [lease.nodeId, lease.readyAtSeconds]));
  const boots = current.nodes
    .filter((node) => node.vmTypeId === vmType.id)
    .map((node) => Math.max(0, (readyAt.get(node.id) ?? nowSeconds) - nowSeconds));
  const boot = boots.length === 0 ? (vmType.bootSeconds ?? 0) : Math.min(...boots);
  return (job.restartSeconds ?? 0) + boot;
}

function judge(
  planned: Planned,
  { job, others }: Candidate,
  wish: { readonly vmType: VmType; readonly gpus: number },
): Verdict {
  const { problem, objective, planCost } = planned;
  const now = planned.placed.get(job.id);
  if (now?.vmTypeId === wish.vmType.id && now.gpus === wish.gpus) return { kind: "chosen" };
  const part = { jobId: job.id, gpus: wish.gpus };
  const seated = others.nodes
    .filter((node) => node.vmTypeId === wish.vmType.id && gpusInUse(node) + wish.gpus <= wish.vmType.gpuCount)
    .map(({ id }) => ({
      nodes: others.nodes.map((node) => (node.id === id ? { ...node, parts: [...node.parts, part] } : node)),
    }));
  if (seated.length === 0) {
    const quotaNodes = quotaWithin(wish.vmType, problem.maxNodes);
    const ofType = others.nodes.filter((node) => node.vmTypeId === wish.vmType.id).length;
    if (others.nodes.length >= problem.maxNodes) {
      return { kind: "blocked-by-node-limit", maxNodes: problem.maxNodes };
    }
    if (ofType >= quotaNodes) return { kind: "blocked-by-quota", quotaNodes };
    const nodes = [...others.nodes, { id: nodeId("node-new"), vmTypeId: wish.vmType.id, parts: [part] }];
    const exceeded = exceededLimits(problem.nodeLimits, nodes)[0];
    if (exceeded !== undefined) {
      const { id: limitId, label, unit, limit } = exceeded;
      return {
        kind: "blocked-by-limit",
        limitId,
        label,
        unit,
        used: limitUsage(exceeded, others.nodes),
        limit,
      };
    }
    seated.push({ nodes });
  }
  // Under an objective that looks at who shares a node it matters which of them has room.
  const change = Math.min(...seated.map((changed) => objective.costOf(changed))) - planCost;
  if (Math.abs(change) <= EQUAL_OBJECTIVE * Math.max(1, Math.abs(planCost))) return { kind: "as-good" };
  return change > 0 ? { kind: "worse", objectiveLoss: change } : { kind: "better", objectiveGain: -change };
}

/** The allocation without a job, and without the node that it leaves empty. */
function withoutJob(allocation: Allocation, jobId: JobId): Allocation {
  return {
    nodes: allocation.nodes
      .map((node) => ({ ...node, parts: node.parts.filter((part) => part.jobId !== jobId) }))
      .filter((node) => node.parts.length > 0),
  };
}

/** Chosen first, then what could be had, then what is blocked, then what is impossible. */
function rank(verdict: Verdict): number {
  switch (verdict.kind) {
    case "chosen":
      return 0;
    case "better":
    case "as-good":
    case "worse":
      return 1;
    case "blocked-by-quota":
    case "blocked-by-node-limit":
    case "blocked-by-limit":
    case "over-budget":
      return 2;
    case "impossible":
      return 3;
    default:
      return assertNever(verdict);
  }
}

function loss(verdict: Verdict): number {
  if (verdict.kind === "worse") return verdict.objectiveLoss;
  return verdict.kind === "better" ? -verdict.objectiveGain : 0;
}
