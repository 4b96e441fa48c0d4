/**
 * The literature's per-node formulation, kept as a reference (formulation.md §1). It is a reconstruction from the capacity-planning slides
 * and Jahani et al., ICCCS 2019: the published source of the multi-node model was not found.
 *
 * Sets        n ∈ 1..N nodes; j ∈ J jobs; v ∈ V VM types; g ∈ 1..G_v GPUs
 * Parameters  t_jvg s, c_v USD/s, d_j s, ω_j USD/s, T s, ρ, Q_v nodes
 * Variables   w_n node n is rented, y_nv … as type v, x_jnvg job j runs on g GPUs of it, α_jn j is the first to end there: binary
 *             τ_j tardiness s, τ̂_j worst-case tardiness of a waiting job s, π_n rent until the first completion USD: ≥ 0
 *
 *   min  Σ_n π_n + Σ_j ω_j (τ_j + ρ τ̂_j)                                      first-completion objective, USD
 *   or   Σ_nv f_v y_nv + Σ_jnvg (C_jvg − P_j) x_jnvg + Σ_j P_j                  separable objective; then (5)–(8) are not needed
 *   (1)  Σ_v y_nv = w_n                              ∀n
 *   (2)  Σ_nvg x_jnvg ≤ 1                            ∀j
 *   (3)  x_jnvg ≤ y_nv                               ∀j, n, v, g
 *   (4)  Σ_jg g x_jnvg ≤ G_v y_nv                    ∀n, v
 *   (5)  T + Σ t_jvg x_jnvg ≤ d_j + τ_j              ∀j             also for a waiting job that is late already
 *   (6)  τ̂_j ≥ (T + maxExec_j − d_j)(1 − Σ x_jnvg)   ∀j
 *   (7)  π_n ≥ t_jvg c_v (x_jnvg + α_jn − 1)         ∀j, n, v, g    the big-M of the slides is t_jvg c_v itself: with α = 0 the right
 *                                                                   side is ≤ 0, with α = 1 it is the rent of that configuration
 *   (8)  Σ_j α_jn = w_n ;  α_jn ≤ Σ_vg x_jnvg        ∀n ; ∀j, n
 *   (9)  Σ_n y_nv ≤ Q_v                              ∀v             ours: quotas
 *   (10) w_n ≥ w_{n+1}                               ∀n             ours: nodes are interchangeable, so rented ones come first
 *   (11) Σ_nv a_kv y_nv ≤ b_k                         ∀k             ours: limits on what nodes count (limit-rows.ts)
 */
import type { Allocation } from "../domain/allocation.ts";
import { groupBy } from "../domain/group-by.ts";
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { longestDurationSeconds } from "../domain/planning-problem.ts";
import { rentUsd, tardinessSeconds } from "../domain/cost.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { LinearExpression } from "../milp/linear-expression.ts";
import { times } from "../milp/linear-expression.ts";
import type { Column, ColumnList, Row } from "../milp/milp-model.ts";
import { atLeast, atMost, binary, columnList, equal } from "../milp/milp-model.ts";
import type { FirstCompletionObjective } from "./first-completion.ts";
import { WAITING_PENALTY_FACTOR } from "./first-completion.ts";
import type { Assignment, FormulatedProblem } from "./formulation.ts";
import { limitRows, tightLimitsOf } from "./limit-rows.ts";
import type { SeparableObjective } from "./objective.ts";

interface RunColumn {
  readonly column: number;
  readonly job: PlanningJob;
  readonly node: number;
  readonly vmType: VmType;
  readonly gpus: number;
  readonly durationSeconds: number;
}
interface TypeColumn {
  readonly column: number;
  readonly node: number;
  readonly vmType: VmType;
}
interface FirstColumn {
  readonly column: number;
  readonly job: PlanningJob;
  readonly node: number;
}

interface Variables {
  readonly nodes: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly TypeColumn[];
  readonly x: readonly RunColumn[];
}

/** Poses a problem node by node. At most one node for each job is ever needed. */
export function perNode(
  problem: PlanningProblem,
  objective: SeparableObjective | FirstCompletionObjective,
): FormulatedProblem {
  const columns = columnList();
  const variables = assignmentVariables(columns, problem, objective);
  const rows = assignmentRows(problem, variables);
  const first =
    objective.kind === "first-completion" ? firstCompletion(columns, problem, variables) : undefined;
  return {
    milpModel: {
      name: `per-node ${objective.name}`,
      columns: columns.all(),
      rows: [...rows, ...(first?.rows ?? [])],
    },
    objectiveOffset:
      objective.kind === "separable"
        ? problem.jobs.reduce((total, job) => total + objective.waiting(job), 0)
        : 0,
    decode: (point) => decode(variables, point),
    encode: (allocation) => {
      const point = encodeAssignment(variables, allocation, columns.all().length);
      first?.complete(point);
      return point;
    },
  };
}

function assignmentVariables(
  columns: ColumnList,
  problem: PlanningProblem,
  objective: SeparableObjective | FirstCompletionObjective,
): Variables {
  const count = Math.min(tightLimitsOf(problem).maxNodes, problem.jobs.length);
  const nodes = Array.from({ length: count }, (_, index) => index);
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const w = nodes.map((node) => columns.add(binary(`w[${node}]`, 0)));
  const y = nodes.flatMap((node) =>
    problem.vmTypes.map((vmType) => {
      const cost = objective.kind === "separable" ? objective.node(vmType) : 0;
      return { column: columns.add(binary(`y[${node},${vmType.id}]`, cost)), node, vmType };
    }),
  );
  const x = problem.jobs.flatMap((job) =>
    job.configurations.flatMap((configuration) => {
      const vmType = vmTypes.get(configuration.vmTypeId);
      if (vmType === undefined) return [];
      const cost =
        objective.kind === "separable" ? objective.running(job, configuration) - objective.waiting(job) : 0;
      return nodes.map((node) => ({
        column: columns.add(binary(`x[${job.id},${node},${vmType.id},${configuration.gpus}]`, cost)),
        job,
        node,
        vmType,
        gpus: configuration.gpus,
        durationSeconds: configuration.durationSeconds,
      }));
    }),
  );
  return { nodes, w, y, x };
}

/** Constraints (1)–(4) and (9)–(11): what any allocation obeys, whatever it costs. */
function assignmentRows(problem: PlanningProblem, { nodes, w, y, x }: Variables): readonly Row[] {
  const xOfJob = groupBy(x, (run) => run.job);
  const xOfNode = groupBy(x, (run) => `${run.node},${run.vmType.id}`);
  const oneType = nodes.map((node) =>
    equal(`oneType[${node}]`, sum(y.filter((type) => type.node === node)), times(1, w[node] ?? NaN)),
  );
  const oneConfiguration = [...xOfJob].map(([job, runs]) =>
    atMost(`oneConfiguration[${job.id}]`, sum(runs), 1),
  );
  const typeAndCapacity = y.flatMap(({ column, node, vmType }) => {
    const runs = xOfNode.get(`${node},${vmType.id}`) ?? [];
    return [
      ...runs.map((run) =>
        atMost(
          `rentedAsType[${run.job.id},${node},${vmType.id},${run.gpus}]`,
          times(1, run.column),
          times(1, column),
        ),
      ),
      atMost(
        `gpuCapacity[${node},${vmType.id}]`,
        runs.flatMap((run) => times(run.gpus, run.column)),
        times(vmType.gpuCount, column),
      ),
    ];
  });
  const tight = tightLimitsOf(problem);
  const quotas = problem.vmTypes.map((vmType, v) =>
    atMost(`quota[${vmType.id}]`, sum(y.filter((type) => type.vmType === vmType)), tight.quotas[v] ?? 0),
  );
  const limits = limitRows(
    tight.rows,
    y.map(({ column, vmType }) => ({ column, v: problem.vmTypes.indexOf(vmType) })),
  );
  const rentedFirst = nodes
    .slice(1)
    .map((node) => atLeast(`rentedFirst[${node}]`, times(1, w[node - 1] ?? NaN), times(1, w[node] ?? NaN)));
  return [...oneType, ...oneConfiguration, ...typeAndCapacity, ...quotas, ...rentedFirst, ...limits];
}

const sum = (columns: readonly { readonly column: number }[]): LinearExpression =>
  columns.flatMap(({ column }) => times(1, column));

/** Variables α, τ, τ̂, π with constraints (5)–(8), and how to complete a start point with them. */
function firstCompletion(
  columns: ColumnList,
  problem: PlanningProblem,
  variables: Variables,
): { readonly rows: readonly Row[]; readonly complete: (point: number[]) => void } {
  const { nodes, w, x } = variables;
  const alpha = problem.jobs.flatMap((job) =>
    nodes.map((node): FirstColumn => ({
      column: columns.add(binary(`alpha[${job.id},${node}]`, 0)),
      job,
      node,
    })),
  );
  const tardiness = problem.jobs.map((job) => {
    const runs = x.filter((run) => run.job === job);
    const weight = job.tardinessCostPerSecondUsd;
    const tau = columns.add(nonNegative(`tau[${job.id}]`, weight));
    const tauHat = columns.add(nonNegative(`tauHat[${job.id}]`, weight * WAITING_PENALTY_FACTOR));
    return { job, runs, tau, tauHat };
  });
  const pi = nodes.map((node) => columns.add(nonNegative(`pi[${node}]`, 1)));
  const rentOf = (run: RunColumn): number =>
    rentUsd({ pricePerHourUsd: run.vmType.pricePerHourUsd, durationSeconds: run.durationSeconds });
  const alphaOf = new Map(alpha.map((entry) => [`${entry.job.id},${entry.node}`, entry.column]));
  const slackSeconds = (job: PlanningJob): number => job.dueAtSeconds - problem.nowSeconds;

  const rows = [
    ...tardiness.map(({ job, runs, tau }) =>
      atMost(
        `tardiness[${job.id}]`,
        [...runs.flatMap((run) => times(run.durationSeconds, run.column)), ...times(-1, tau)],
        slackSeconds(job),
      ),
    ),
    ...tardiness.flatMap(({ job, runs, tauHat }) => {
      const worst = longestDurationSeconds(job) - slackSeconds(job);
      const waits = [...times(1, tauHat), ...runs.flatMap((run) => times(worst, run.column))];
      return worst > 0 ? [atLeast(`worstTardiness[${job.id}]`, waits, worst)] : [];
    }),
    ...x.map((run) => {
      const rent = rentOf(run);
      const first = alphaOf.get(`${run.job.id},${run.node}`) ?? NaN;
      return atLeast(
        `rentUntilFirst[${run.job.id},${run.node},${run.vmType.id},${run.gpus}]`,
        [...times(1, pi[run.node] ?? NaN), ...times(-rent, run.column), ...times(-rent, first)],
        -rent,
      );
    }),
    ...nodes.map((node) =>
      equal(`oneFirst[${node}]`, sum(alpha.filter((entry) => entry.node === node)), times(1, w[node] ?? NaN)),
    ),
    ...alpha.map(({ column, job, node }) =>
      atMost(
        `firstRuns[${job.id},${node}]`,
        times(1, column),
        sum(x.filter((run) => run.job === job && run.node === node)),
      ),
    ),
  ];

  const complete = (point: number[]): void => {
    for (const node of nodes) {
      const running = x.filter((run) => run.node === node && point[run.column] === 1);
      const first = [...running].sort((a, b) => a.durationSeconds - b.durationSeconds)[0];
      if (first === undefined) continue;
      point[alphaOf.get(`${first.job.id},${node}`) ?? NaN] = 1;
      point[pi[node] ?? NaN] = rentOf(first);
    }
    for (const { job, runs, tau, tauHat } of tardiness) {
      const run = runs.find((candidate) => point[candidate.column] === 1);
      const lateSeconds = (durationSeconds: number): number =>
        tardinessSeconds({ ...job, completionAtSeconds: problem.nowSeconds + durationSeconds });
      point[tau] = lateSeconds(run?.durationSeconds ?? 0);
      point[tauHat] = run === undefined ? lateSeconds(longestDurationSeconds(job)) : 0;
    }
  };
  return { rows, complete };
}

const nonNegative = (name: string, cost: number): Column => ({
  name,
  lower: 0,
  upper: Infinity,
  domain: "continuous",
  cost,
});

function decode({ nodes, y, x }: Variables, point: readonly number[]): Assignment {
  const chosen = (column: number): boolean => Math.round(point[column] ?? 0) === 1;
  const runs = x.filter((run) => chosen(run.column));
  const groups = nodes.flatMap((node) => {
    const type = y.find((entry) => entry.node === node && chosen(entry.column));
    const parts = runs
      .filter((run) => run.node === node)
      .map((run) => ({ jobId: run.job.id, gpus: run.gpus }));
    if (type === undefined || parts.length === 0) return [];
    return [{ vmTypeId: type.vmType.id, parts }];
  });
  return { kind: "grouped", groups };
}

function encodeAssignment({ w, y, x }: Variables, allocation: Allocation, columnCount: number): number[] {
  const point = new Array<number>(columnCount).fill(0);
  allocation.nodes.forEach((allocated, node) => {
    point[w[node] ?? NaN] = 1;
    const type = y.find((entry) => entry.node === node && entry.vmType.id === allocated.vmTypeId);
    point[type?.column ?? NaN] = 1;
    for (const part of allocated.parts) {
      const run = x.find(
        (entry) =>
          entry.node === node &&
          entry.job.id === part.jobId &&
          entry.vmType.id === allocated.vmTypeId &&
          entry.gpus === part.gpus,
      );
      point[run?.column ?? NaN] = 1;
    }
  });
  return point;
}
