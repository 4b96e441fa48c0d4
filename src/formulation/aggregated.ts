/**
 * The aggregated formulation with exact packing (formulation.md §3, solving.md "One general form"): nodes of a type are interchangeable,
 * so they are counted by the way they are cut; jobs with identical rows are interchangeable, so they are counted too.
 *
 * Sets        c ∈ C job classes of n_c jobs; v ∈ V VM types; g ∈ 1..G_v GPUs; q ∈ P_v maximal partitions of G_v; s ∈ S_v sizes in use
 * Parameters  C_cvg cost of running, P_c of waiting, f_v of a node (one unit, the objective's); A_qs parts of q of at least s GPUs
 * Variables   x_cvg jobs of c on g GPUs of v, integer 0..n_c; u_vq nodes of v cut by q, integer ≥ 0
 *
 *   min  Σ_c n_c P_c + Σ_cvg (C_cvg − P_c) x_cvg + Σ_vq f_v u_vq
 *   (1)  Σ_vg x_cvg ≤ n_c                                    ∀c
 *   (2)  Σ_c Σ_{g≥s} x_cvg ≤ Σ_q A_qs u_vq                   ∀v, s      exact packing, Hall's condition on nested sizes
 *   (2') Σ_c Σ_g g x_cvg ≤ G_v u_v                           ∀v whose sizes form a divisor chain: then (2) says no more than this
 *   (3)  Σ_q u_vq ≤ Q_v ∀v ;  Σ_vq u_vq ≤ N
 *   (4)  Σ_vq a_kv u_vq ≤ b_k                                ∀k        limit-rows.ts, which also tightens (3)
 *
 * Source: formulation.md §3; exactness against the per-node form is held by a property test.
 */
import type { Allocation } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import { groupBy } from "../domain/group-by.ts";
import type { GpuPartition } from "../domain/gpu-partition.ts";
import {
  hostingPartition,
  isDivisorChain,
  maximalPartitions,
  partsAtLeast,
} from "../domain/gpu-partition.ts";
import type { VmTypeId } from "../domain/ids.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { LinearExpression } from "../milp/linear-expression.ts";
import { times } from "../milp/linear-expression.ts";
import type { ColumnList, Row } from "../milp/milp-model.ts";
import { atMost, columnList } from "../milp/milp-model.ts";
import type { Assignment, Choice, FormulatedProblem } from "./formulation.ts";
import type { TightLimits } from "./limit-rows.ts";
import { limitRows, tightLimitsOf } from "./limit-rows.ts";
import type { SeparableObjective } from "./objective.ts";
import type { JobClass, Option } from "./options.ts";
import { jobClasses } from "./options.ts";
import { packDescending } from "./packing.ts";

/** x_cvg with its class and option. */
interface RunColumn {
  readonly column: number;
  readonly jobClass: JobClass;
  readonly option: Option;
}

/** u_vq: `partition` is null when the sizes form a divisor chain and nodes need not be told apart. */
interface NodeColumn {
  readonly column: number;
  readonly vmType: VmType;
  readonly partition: GpuPartition | null;
}

interface Sets {
  readonly problem: PlanningProblem;
  readonly classes: readonly JobClass[];
  readonly runsOf: ReadonlyMap<JobClass, readonly RunColumn[]>;
  readonly runsOn: ReadonlyMap<VmTypeId, readonly RunColumn[]>;
  readonly nodes: readonly NodeColumn[];
  readonly tight: TightLimits;
}

/** Poses a problem under a separable objective. */
export function aggregated(problem: PlanningProblem, objective: SeparableObjective): FormulatedProblem {
  const columns = columnList();
  const classes = jobClasses(problem, objective);
  const runs = runColumns(columns, classes);
  const runsOf = groupBy(runs, (run) => run.jobClass);
  const runsOn = groupBy(runs, (run) => run.option.vmTypeId);
  const tight = tightLimitsOf(problem);
  const nodes = problem.vmTypes.flatMap((vmType, v) =>
    nodeColumns(columns, vmType, {
      sizes: sizesInUse(runsOn.get(vmType.id) ?? []),
      quota: tight.quotas[v] ?? 0,
      cost: objective.node(vmType),
    }),
  );
  const sets: Sets = { problem, classes, runsOf, runsOn, nodes, tight };
  return {
    milpModel: {
      name: `aggregated ${objective.name}`,
      columns: columns.all(),
      rows: [oneConfiguration, gpuCapacity, quotas, nodeLimit, limits].flatMap((rows) => rows(sets)),
    },
    objectiveOffset: problem.jobs.reduce((total, job) => total + objective.waiting(job), 0),
    decode: (point) => decode(sets, point),
    encode: (allocation) => encode(sets, allocation, columns.all().length),
  };
}

function runColumns(columns: ColumnList, classes: readonly JobClass[]): readonly RunColumn[] {
  return classes.flatMap((jobClass) =>
    jobClass.options.map((option) => ({
      column: columns.add({
        name: `x[${jobClass.name},${option.vmTypeId},${option.gpus}]`,
        lower: 0,
        upper: jobClass.jobs.length,
        domain: "integer",
        cost: option.costAgainstWaiting,
      }),
      jobClass,
      option,
    })),
  );
}

function nodeColumns(
  columns: ColumnList,
  vmType: VmType,
  args: { readonly sizes: readonly number[]; readonly quota: number; readonly cost: number },
): readonly NodeColumn[] {
  if (args.sizes.length === 0) return [];
  const partitions = isDivisorChain(args.sizes, vmType.gpuCount)
    ? [null]
    : maximalPartitions(args.sizes, vmType.gpuCount);
  return partitions.map((partition) => ({
    column: columns.add({
      name: partition === null ? `u[${vmType.id}]` : `u[${vmType.id},${partition.join("+")}]`,
      lower: 0,
      upper: args.quota,
      domain: "integer",
      cost: args.cost,
    }),
    vmType,
    partition,
  }));
}

function sizesInUse(runs: readonly RunColumn[]): readonly number[] {
  return [...new Set(runs.map(({ option }) => option.gpus))].sort((a, b) => a - b);
}

/** (1) Σ_vg x_cvg ≤ n_c   ∀c */
function oneConfiguration({ runsOf }: Sets): readonly Row[] {
  return [...runsOf].map(([jobClass, runs]) =>
    atMost(
      `oneConfiguration[${jobClass.name}]`,
      runs.flatMap((run) => times(1, run.column)),
      jobClass.jobs.length,
    ),
  );
}

/** (2) Σ_c Σ_{g≥s} x_cvg ≤ Σ_q A_qs u_vq   ∀v, s, or (2') Σ_c Σ_g g x_cvg ≤ G_v u_v */
function gpuCapacity({ problem, runsOn, nodes }: Sets): readonly Row[] {
  return problem.vmTypes.flatMap((vmType) => {
    const own = runsOn.get(vmType.id);
    const cuts = nodes.filter((node) => node.vmType === vmType);
    if (own === undefined) return [];
    if (cuts.some((cut) => cut.partition === null)) {
      const used = own.flatMap((run) => times(run.option.gpus, run.column));
      const rented = cuts.flatMap((cut) => times(vmType.gpuCount, cut.column));
      return [atMost(`gpuCapacity[${vmType.id}]`, used, rented)];
    }
    return sizesInUse(own).map((size) => {
      const used = own.filter((run) => run.option.gpus >= size).flatMap((run) => times(1, run.column));
      const parts: LinearExpression = cuts.flatMap((cut) =>
        times(partsAtLeast(cut.partition ?? [], size), cut.column),
      );
      return atMost(`gpuCapacity[${vmType.id},${size}]`, used, parts);
    });
  });
}

/** (3) Σ_q u_vq ≤ Q_v   ∀v with more than one way to cut it; with one way it is the column's bound */
function quotas({ problem, nodes, tight }: Sets): readonly Row[] {
  return problem.vmTypes.flatMap((vmType, v) => {
    const cuts = nodes.filter((node) => node.vmType === vmType);
    if (cuts.length < 2) return [];
    return [
      atMost(
        `quota[${vmType.id}]`,
        cuts.flatMap((cut) => times(1, cut.column)),
        tight.quotas[v] ?? 0,
      ),
    ];
  });
}

/** (3) Σ_vq u_vq ≤ N */
function nodeLimit({ nodes, tight }: Sets): readonly Row[] {
  if (nodes.length === 0) return [];
  return [
    atMost(
      "nodeLimit",
      nodes.flatMap((node) => times(1, node.column)),
      tight.maxNodes,
    ),
  ];
}

/** (4) Σ_vq a_kv u_vq ≤ b_k   ∀k */
const limits = ({ problem, nodes, tight }: Sets): readonly Row[] =>
  limitRows(
    tight.rows,
    nodes.map(({ column, vmType }) => ({ column, v: problem.vmTypes.indexOf(vmType) })),
  );

function decode(sets: Sets, point: readonly number[]): Assignment {
  const choices = sets.classes.flatMap((jobClass) => chooseJobs(sets, jobClass, point));
  const cuts = sets.nodes.flatMap(({ column, vmType, partition }) => {
    if (partition !== null) {
      return Array.from({ length: count(point, column) }, () => ({ vmTypeId: vmType.id, partition }));
    }
    const sizes = choices.filter((choice) => choice.vmTypeId === vmType.id).map((choice) => choice.gpus);
    return packDescending(sizes, vmType.gpuCount).map((parts) => ({ vmTypeId: vmType.id, partition: parts }));
  });
  return { kind: "pooled", choices, cuts };
}

/** Gives each option its number of jobs; jobs that run this way already come first, so that they need not move. */
function chooseJobs(sets: Sets, jobClass: JobClass, point: readonly number[]): readonly Choice[] {
  const current = placements(sets.problem.current);
  const free = new Set(jobClass.jobs);
  const choices: Choice[] = [];
  const runs = sets.runsOf.get(jobClass) ?? [];
  const open = runs
    .map((run) => ({ option: run.option, left: count(point, run.column) }))
    .filter(({ left }) => left > 0);
  const take = (
    entry: { option: Option; left: number },
    accepts: (job: JobClass["jobs"][number]) => boolean,
  ): void => {
    for (const job of jobClass.jobs) {
      if (entry.left === 0) return;
      if (!free.has(job) || !accepts(job)) continue;
      free.delete(job);
      entry.left -= 1;
      choices.push({ jobId: job.id, vmTypeId: entry.option.vmTypeId, gpus: entry.option.gpus });
    }
  };
  for (const entry of open) {
    take(entry, (job) => {
      const placement = current.get(job.id);
      return placement?.vmTypeId === entry.option.vmTypeId && placement.gpus === entry.option.gpus;
    });
  }
  for (const entry of open) take(entry, () => true);
  return choices;
}

const count = (point: readonly number[], column: number): number => Math.round(point[column] ?? 0);

/**
 * A job whose option was dropped is encoded by what replaced it: fewer GPUs of the same type, or waiting. Both cost no more, and a smaller
 * job fits the same part.
 */
function encode(sets: Sets, allocation: Allocation, columnCount: number): readonly number[] {
  const point = new Array<number>(columnCount).fill(0);
  const placed = placements(allocation);
  for (const jobClass of sets.classes) {
    const own = sets.runsOf.get(jobClass) ?? [];
    for (const job of jobClass.jobs) {
      const placement = placed.get(job.id);
      if (placement === undefined) continue;
      const run = own
        .filter(({ option }) => option.vmTypeId === placement.vmTypeId && option.gpus <= placement.gpus)
        .sort((a, b) => b.option.gpus - a.option.gpus)[0];
      if (run !== undefined) point[run.column] = (point[run.column] ?? 0) + 1;
    }
  }
  for (const node of allocation.nodes) {
    const own = sets.nodes.filter(({ vmType }) => vmType.id === node.vmTypeId);
    const chosen =
      own.find(({ partition }) => partition === null) ??
      hostingColumn(
        sets,
        own,
        node.parts.map(({ gpus }) => gpus),
      );
    if (chosen !== undefined) point[chosen.column] = (point[chosen.column] ?? 0) + 1;
  }
  return point;
}

function hostingColumn(
  sets: Sets,
  own: readonly NodeColumn[],
  parts: readonly number[],
): NodeColumn | undefined {
  const vmType = own[0]?.vmType;
  if (vmType === undefined) return undefined;
  const sizes = sizesInUse(sets.runsOn.get(vmType.id) ?? []);
  const rounded = parts.flatMap((part) => sizes.filter((size) => size <= part).slice(-1));
  const partition = hostingPartition(
    own.flatMap((node) => (node.partition === null ? [] : [node.partition])),
    rounded,
  );
  return own.find((node) => node.partition === partition);
}
