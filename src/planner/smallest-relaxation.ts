/**
 * The smallest relaxation under which a set of jobs could all run at once, nobody else running (domain/relaxation.ts says what is smallest).
 *
 * Sets        j ∈ J jobs that must run; v ∈ V VM types; g ∈ 1..G_v GPUs; q ∈ P_v maximal partitions of G_v; i ∈ I limits: N, Q_v, b_k, budgets B_j
 * Parameters  κ_jvg USD that the rest of j costs on a full node; A_qs parts of q of at least s GPUs; r_i what an increase of i is relative to
 * Variables   x_jvg ∈ {0, 1}; u_vq nodes of v cut by q, integer ≥ 0; s_i ≥ 0 what limit i is raised by; y_i ∈ {0, 1} whether it is
 *
 *   min  Σ_i y_i, then Σ_i s_i / r_i with Σ_i y_i at that minimum; for each single limit i: min s_i with the others at 0
 *   (1)  Σ_vg x_jvg = 1                                  ∀j
 *   (2)  Σ_j Σ_{g≥s} x_jvg ≤ Σ_q A_qs u_vq               ∀v, s
 *   (3)  Σ_vq u_vq − s_N ≤ N ;  Σ_q u_vq − s_v ≤ Q_v ∀v ;  Σ_vq a_kv u_vq − s_k ≤ b_k ∀k
 *   (4)  Σ_vg κ_jvg x_jvg − s_j ≤ B_j                    ∀j with a budget
 *   (5)  s_i ≤ M_i y_i                                   ∀i       M_i = what |J| nodes, or j's dearest configuration, exceed i by at most
 */
import type { JobId, VmTypeId } from "../domain/ids.ts";
import { leastWeight, limitChange, namedLimit, totalIncrease } from "../domain/relaxation.ts";
import type { LimitChange, RaisableLimit, Relaxation } from "../domain/relaxation.ts";
import { maximalPartitions, partsAtLeast } from "../domain/gpu-partition.ts";
import { groupBy } from "../domain/group-by.ts";
import { limitWeight, mostWithin } from "../domain/node-limit.ts";
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import type { LinearExpression } from "../milp/linear-expression.ts";
import { times } from "../milp/linear-expression.ts";
import type { ColumnList, MilpModel, Row } from "../milp/milp-model.ts";
import { atMost, binary, columnList, equal } from "../milp/milp-model.ts";
import type { SolveLimits, SolverPort } from "../milp/solver-port.ts";
import { checkedOutcome } from "./checked-outcome.ts";
import { sharedCostUsd } from "./within-budget.ts";

/** What would have to change, or why that is not known. */
export type RelaxationForAll = Relaxation | { readonly kind: "unknown"; readonly reason: string };

/**
 * The smallest relaxation under which all of `mustRunJobIds` could run at once. Pose the problem with `poseWithoutBudgets`: what budgets bar is then
 * weighed too. Throws on a job that the problem does not have.
 */
export async function relaxationForAll(
  problem: PlanningProblem,
  mustRunJobIds: readonly JobId[],
  means: { readonly solver: SolverPort; readonly limits: SolveLimits },
): Promise<RelaxationForAll> {
  const jobs = [...new Set(mustRunJobIds)].map((id) => {
    const job = problem.jobs.find((candidate) => candidate.id === id);
    if (job === undefined) throw new Error(`Job ${id} is not in the problem`);
    return job;
  });
  const known = new Set(problem.vmTypes.map(({ id }) => id));
  const nowhere = jobs.filter(({ configurations }) => !configurations.some((row) => known.has(row.vmTypeId)));
  if (nowhere.length > 0) return { kind: "impossible", jobIds: nowhere.map(({ id }) => id) };
  const sets = setsOf(problem, jobs);
  const solve = solverOf(sets, means);
  const fewest = await solve({ kind: "fewest" });
  if (fewest.kind !== "changes") return unknown(fewest);
  if (fewest.changes.length === 0) return { kind: "none-needed" };
  if (fewest.changes.length === 1) {
    const alternatives: (readonly LimitChange[])[] = [];
    for (const [only] of sets.limits.entries()) {
      const single = await solve({ kind: "only", only });
      if (single.kind === "failed") return unknown(single);
      if (single.kind === "changes") alternatives.push(single.changes);
    }
    return { kind: "raise", alternatives: alternatives.sort((a, b) => totalIncrease(a) - totalIncrease(b)) };
  }
  const least = await solve({ kind: "least", count: fewest.changes.length });
  return least.kind === "changes" ? { kind: "raise", alternatives: [least.changes] } : unknown(least);
}

const unknown = (answer: Exclude<Answer, { readonly kind: "changes" }>): RelaxationForAll => ({
  kind: "unknown",
  reason:
    answer.kind === "failed" ? answer.message : "the solver found no relaxation, and there always is one",
});

/** i: a limit with the columns that it adds up. */
interface LimitSum {
  readonly limit: RaisableLimit;
  readonly name: string;
  readonly bound: number;
  readonly used: LinearExpression;
  /** Most that any plan for the jobs exceeds the bound by. */
  readonly mostExcess: number;
  /** r_i */
  readonly reference: number;
  readonly domain: "integer" | "continuous";
}

interface Sets {
  readonly columns: ColumnList;
  readonly rows: readonly Row[];
  readonly limits: readonly LimitSum[];
}

/** Which of the three programs of the header to solve. */
type Wish =
  | { readonly kind: "fewest" }
  | { readonly kind: "least"; readonly count: number }
  | { readonly kind: "only"; readonly only: number };

type Answer =
  | { readonly kind: "changes"; readonly changes: readonly LimitChange[] }
  | { readonly kind: "infeasible" }
  | { readonly kind: "failed"; readonly message: string };

function setsOf(problem: PlanningProblem, jobs: readonly PlanningJob[]): Sets {
  const columns = columnList();
  const runs = jobs.flatMap((job) =>
    job.configurations.flatMap((configuration) => {
      const vmType = problem.vmTypes.find(({ id }) => id === configuration.vmTypeId);
      if (vmType === undefined) return [];
      const { vmTypeId, gpus } = configuration;
      const column = columns.add(binary(`x[${job.id},${vmTypeId},${gpus}]`, 0));
      return [{ column, job, vmTypeId, gpus, costUsd: sharedCostUsd(vmType, configuration) }];
    }),
  );
  const runsOn = groupBy(runs, (run) => run.vmTypeId);
  const cuts = problem.vmTypes.flatMap(({ id, gpuCount }) => {
    const sizes = (runsOn.get(id) ?? []).map(({ gpus }) => gpus);
    return maximalPartitions(sizes, gpuCount).map((partition) => ({
      column: columns.add({
        name: `u[${id},${partition.join("+")}]`,
        lower: 0,
        upper: jobs.length,
        domain: "integer",
        cost: 0,
      }),
      vmTypeId: id,
      partition,
    }));
  });
  const runsOf = groupBy(runs, (run) => run.job);
  const oneConfiguration = [...runsOf].map(([job, own]) =>
    equal(
      `oneConfiguration[${job.id}]`,
      own.flatMap(({ column }) => times(1, column)),
      1,
    ),
  );
  const gpuCapacity = [...runsOn].flatMap(([vmTypeId, own]) =>
    [...new Set(own.map(({ gpus }) => gpus))].map((size) =>
      atMost(
        `gpuCapacity[${vmTypeId},${size}]`,
        own.filter(({ gpus }) => gpus >= size).flatMap(({ column }) => times(1, column)),
        cuts
          .filter((cut) => cut.vmTypeId === vmTypeId)
          .flatMap(({ column, partition }) => times(partsAtLeast(partition, size), column)),
      ),
    ),
  );
  const budgets = [...runsOf].flatMap(([job, own]): readonly LimitSum[] =>
    job.budgetLeftUsd === undefined ? [] : [budgetSum(job.id, job.budgetLeftUsd, own)],
  );
  return {
    columns,
    rows: [...oneConfiguration, ...gpuCapacity],
    limits: [...nodeSums(problem, cuts, jobs.length), ...budgets],
  };
}

/** (3) N, quotas and limits on what nodes count. */
function nodeSums(
  { vmTypes, maxNodes, nodeLimits }: PlanningProblem,
  cuts: readonly { readonly column: number; readonly vmTypeId: VmTypeId }[],
  jobCount: number,
): readonly LimitSum[] {
  const counted = (weightOf: (vmTypeId: VmTypeId) => number): LinearExpression =>
    cuts.flatMap(({ column, vmTypeId }) => times(weightOf(vmTypeId), column));
  const inNodes = { reference: 1, domain: "integer" } as const;
  return [
    {
      ...inNodes,
      limit: { kind: "max-nodes" },
      name: "N",
      bound: maxNodes,
      used: counted(() => 1),
      mostExcess: Math.max(0, jobCount - maxNodes),
      reference: Math.max(1, maxNodes),
    },
    ...vmTypes.flatMap(({ id, quotaNodes }): readonly LimitSum[] => {
      if (quotaNodes === null) return [];
      const limit = { kind: "vm-type-quota", vmTypeId: id } as const;
      const mostExcess = Math.max(0, jobCount - quotaNodes);
      const used = counted((other) => (other === id ? 1 : 0));
      const reference = Math.max(1, quotaNodes);
      return [{ ...inNodes, limit, name: `Q[${id}]`, bound: quotaNodes, used, mostExcess, reference }];
    }),
    ...nodeLimits.flatMap((limit): readonly LimitSum[] => {
      const heaviest = Math.max(0, ...vmTypes.map(({ id }) => limitWeight(limit, id)));
      if (heaviest === 0) return [];
      return [
        {
          limit: namedLimit(limit),
          name: `b[${limit.id}]`,
          bound: limit.limit,
          used: counted((vmTypeId) => limitWeight(limit, vmTypeId)),
          mostExcess: Math.max(0, jobCount * heaviest - limit.limit),
          reference: Math.max(limit.limit, leastWeight(limit)),
          domain: "continuous",
        },
      ];
    }),
  ];
}

/** (4) The budget of one job. */
function budgetSum(
  jobId: JobId,
  budgetUsd: number,
  runs: readonly { readonly column: number; readonly costUsd: number }[],
): LimitSum {
  const costs = runs.map(({ costUsd }) => costUsd);
  return {
    limit: { kind: "job-budget", jobId },
    name: `B[${jobId}]`,
    bound: budgetUsd,
    used: runs.flatMap(({ column, costUsd }) => times(costUsd, column)),
    mostExcess: Math.max(0, Math.max(...costs) - budgetUsd),
    reference: Math.max(budgetUsd, Math.min(...costs)),
    domain: "continuous",
  };
}

function solverOf(
  sets: Sets,
  means: { readonly solver: SolverPort; readonly limits: SolveLimits },
): (wish: Wish) => Promise<Answer> {
  return async (wish) => {
    const model = modelOf(sets, wish);
    // Only a proven optimum is a smallest relaxation.
    const outcome = checkedOutcome(
      model,
      await means.solver.solve(model, { ...means.limits, relativeGap: 0 }),
    );
    switch (outcome.kind) {
      case "proven":
        return { kind: "changes", changes: changesAt(sets, outcome.point) };
      case "infeasible":
        return { kind: "infeasible" };
      case "failed":
        return outcome;
      case "incumbent":
      case "no-incumbent":
        return { kind: "failed", message: `the solver met its ${outcome.reason} first` };
    }
  };
}

function modelOf({ columns, rows, limits }: Sets, wish: Wish): MilpModel {
  const all = columnList();
  columns.all().forEach((column) => all.add(column));
  const raised = limits.map(({ name, mostExcess, reference, domain }, index) => {
    const isFree = wish.kind !== "only" || wish.only === index;
    const upper = isFree ? mostExcess : 0;
    const s = all.add({
      name: `s[${name}]`,
      lower: 0,
      upper,
      domain,
      cost: wish.kind === "fewest" ? 0 : 1 / reference,
    });
    const y = all.add(binary(`y[${name}]`, wish.kind === "fewest" ? 1 : 0));
    return { s, y };
  });
  const sums = limits.map(({ name, used, bound }, index) =>
    atMost(name, [...used, ...times(-1, raised[index]?.s ?? NaN)], bound),
  );
  const switches = limits.map(({ name, mostExcess }, index) =>
    atMost(`raised[${name}]`, times(1, raised[index]?.s ?? NaN), times(mostExcess, raised[index]?.y ?? NaN)),
  );
  const count =
    wish.kind === "least"
      ? [
          atMost(
            "count",
            raised.flatMap(({ y }) => times(1, y)),
            wish.count,
          ),
        ]
      : [];
  return { name: "smallest relaxation", columns: all.all(), rows: [...rows, ...sums, ...switches, ...count] };
}

/** What a point exceeds each limit by, added up anew from whole numbers. */
function changesAt({ limits }: Sets, point: readonly number[]): readonly LimitChange[] {
  return limits.flatMap(({ limit, used, bound, reference }) => {
    const to = used.reduce(
      (total, { column, coefficient }) => total + coefficient * Math.round(point[column] ?? NaN),
      0,
    );
    return to <= mostWithin({ limit: bound }) ? [] : [limitChange(limit, bound, { to, least: reference })];
  });
}
