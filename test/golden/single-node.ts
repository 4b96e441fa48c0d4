/**
 * The literature's MILP for a single node, the special case of per-node.ts that has a published answer.
 *
 * Sets        j ∈ J jobs; v ∈ V VM types; g ∈ 1..n_v GPUs
 * Parameters  t_jvg, c_v, d_j, p_j penalty of a job that is not run, ω_j tardiness weight (without units in the source)
 * Variables   x_jvg job j runs on g GPUs of v, y_v the node is of type v, z_j job j runs: binary; τ_j tardiness, ξ cost of the node: ≥ 0
 *
 *   min  ξ + Σ_j p_j (1 − z_j) + Σ_j ω_j τ_j
 *   (1)  Σ_v y_v ≤ 1
 *   (2)  Σ_vg x_jvg = z_j                    ∀j
 *   (3)  x_jvg ≤ y_v                         ∀j, v, g
 *   (4)  Σ_jg g x_jvg ≤ n_v y_v              ∀v
 *   (5)  Σ_vg t_jvg x_jvg ≤ d_j + τ_j        ∀j
 *   (6)  ξ ≥ t_jvg c_v x_jvg                 ∀j, v, g     the node is paid for until its LAST job ends
 *
 * Source: pyomo-simple-model (Ajahani-it/pyomo-simple-model at 16691a9, Apache-2.0; model and data by E. Gianniti, 2018) and
 * formulation.md §1.
 */
import { groupBy } from "../../src/domain/group-by.ts";
import type { LinearExpression } from "../../src/milp/linear-expression.ts";
import { times } from "../../src/milp/linear-expression.ts";
import type { MilpModel } from "../../src/milp/milp-model.ts";
import { atLeast, atMost, binary, columnList, equal } from "../../src/milp/milp-model.ts";

/** Data of one single-node problem. */
export interface SingleNodeProblem {
  readonly vmTypes: readonly { readonly id: string; readonly cost: number; readonly gpus: number }[];
  readonly jobs: readonly {
    readonly id: string;
    readonly deadline: number;
    readonly penalty: number;
    readonly tardinessWeight: number;
    /** t_jvg by VM type, in the order g = 1, 2, … */
    readonly times: Readonly<Record<string, readonly number[]>>;
  }[];
}

/** The MILP, and what to add to its objective: Σ p_j. */
export function singleNode(problem: SingleNodeProblem): {
  readonly milpModel: MilpModel;
  readonly offset: number;
} {
  const columns = columnList();
  const positive = (name: string, cost: number): number =>
    columns.add({ name, lower: 0, upper: Infinity, domain: "continuous", cost });
  const y = problem.vmTypes.map((vmType) => ({ vmType, column: columns.add(binary(`y[${vmType.id}]`, 0)) }));
  const x = problem.jobs.flatMap((job) =>
    y.flatMap(({ vmType, column: rented }) =>
      (job.times[vmType.id] ?? []).map((time, index) => {
        const gpus = index + 1;
        const column = columns.add(binary(`x[${job.id},${vmType.id},${gpus}]`, 0));
        return { column, job, vmType, rented, gpus, time };
      }),
    ),
  );
  const jobs = problem.jobs.map((job) => ({
    job,
    runs: groupBy(x, (run) => run.job).get(job) ?? [],
    z: columns.add(binary(`z[${job.id}]`, -job.penalty)),
    tau: positive(`tau[${job.id}]`, job.tardinessWeight),
  }));
  const xi = positive("xi", 1);
  const rows = [
    atMost("oneType", sum(y), 1),
    ...jobs.map(({ job, runs, z }) => equal(`runs[${job.id}]`, sum(runs), times(1, z))),
    ...x.map(({ column, job, vmType, rented, gpus }) =>
      atMost(`rentedAsType[${job.id},${vmType.id},${gpus}]`, times(1, column), times(1, rented)),
    ),
    ...y.map(({ vmType, column }) =>
      atMost(
        `gpuCapacity[${vmType.id}]`,
        x.filter((run) => run.vmType === vmType).flatMap((run) => times(run.gpus, run.column)),
        times(vmType.gpus, column),
      ),
    ),
    ...jobs.map(({ job, runs, tau }) =>
      atMost(
        `tardiness[${job.id}]`,
        [...runs.flatMap((run) => times(run.time, run.column)), ...times(-1, tau)],
        job.deadline,
      ),
    ),
    ...x.map(({ column, job, vmType, gpus, time }) =>
      atLeast(`cost[${job.id},${vmType.id},${gpus}]`, times(1, xi), times(time * vmType.cost, column)),
    ),
  ];
  return {
    milpModel: { name: "single node", columns: columns.all(), rows },
    offset: problem.jobs.reduce((total, job) => total + job.penalty, 0),
  };
}

const sum = (columns: readonly { readonly column: number }[]): LinearExpression =>
  columns.flatMap(({ column }) => times(1, column));
