/**
 * The peer's greedy rule (GPUspb; Filippini et al., IEEE TSC 2023, as described in formulation.md §5), the draft of every decision:
 * jobs by pressure minExec + T − d_j, largest first; each takes its cheapest configuration that meets the due date, else its fastest;
 * best fit on an open node with that GPU type, else a new node of the largest VM type with it; at the end each node shrinks to the
 * cheapest VM type of its GPU type that still holds its jobs. Always feasible.
 */
import type { GpuPart } from "../domain/allocation.ts";
import { shareOfRentUsd } from "../domain/cost.ts";
import { compareIds } from "../domain/ids.ts";
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import { findConfiguration, shortestDurationSeconds } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Assignment } from "../formulation/formulation.ts";
import { hasQuotaBeside } from "./room-for-node.ts";

interface OpenNode {
  vmType: VmType;
  readonly parts: GpuPart[];
  freeGpus: number;
}

/** A setup is a GPU type and a number of GPUs: which VM type carries it is decided by what is open. */
interface Setup {
  readonly gpuType: string;
  readonly gpus: number;
  readonly durationSeconds: number;
  readonly costUsd: number;
}

/** The greedy plan of a problem. */
export function greedy(problem: PlanningProblem): Assignment {
  const jobs = new Map(problem.jobs.map((job) => [job.id, job]));
  const open: OpenNode[] = [];
  for (const job of byPressure(problem)) {
    // A job for which no setup has room waits. Setups of one GPU type and count differ only in where they were priced: one try is enough.
    const configurations = new Set(job.configurations.map(({ vmTypeId, gpus }) => `${vmTypeId} ${gpus}`));
    const tried = new Set<string>();
    setupsInOrder(problem, job).some((setup) => {
      const kind = `${setup.gpuType} ${setup.gpus}`;
      if (tried.has(kind)) return false;
      tried.add(kind);
      return seat(problem, open, { job, setup, configurations });
    });
  }
  for (const node of open)
    shrink(problem, open, { node, jobs: node.parts.flatMap((part) => jobs.get(part.jobId) ?? []) });
  return {
    kind: "pooled",
    choices: open.flatMap(({ vmType, parts }) => parts.map((part) => ({ ...part, vmTypeId: vmType.id }))),
    cuts: open.map(({ vmType, parts }) => ({
      vmTypeId: vmType.id,
      partition: parts.map(({ gpus }) => gpus),
    })),
  };
}

function byPressure(problem: PlanningProblem): readonly PlanningJob[] {
  const pressure = new Map(
    problem.jobs.map((job) => [job, shortestDurationSeconds(job) + problem.nowSeconds - job.dueAtSeconds]),
  );
  return [...problem.jobs].sort(
    (a, b) => (pressure.get(b) ?? 0) - (pressure.get(a) ?? 0) || compareIds(a.id, b.id),
  );
}

/** Setups that meet the due date, cheapest first, then the others, fastest first. */
function setupsInOrder(problem: PlanningProblem, job: PlanningJob): readonly Setup[] {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const setups = job.configurations.flatMap(({ vmTypeId, gpus, durationSeconds }): Setup[] => {
    const vmType = vmTypes.get(vmTypeId);
    if (vmType === undefined) return [];
    const { pricePerHourUsd } = vmType;
    const costUsd = shareOfRentUsd({ pricePerHourUsd, durationSeconds, gpus, gpusInUse: vmType.gpuCount });
    return [{ gpuType: vmType.gpuType, gpus, durationSeconds, costUsd }];
  });
  const inTime = (setup: Setup): boolean => problem.nowSeconds + setup.durationSeconds <= job.dueAtSeconds;
  return [
    ...setups.filter(inTime).sort((a, b) => a.costUsd - b.costUsd),
    ...setups.filter((setup) => !inTime(setup)).sort((a, b) => a.durationSeconds - b.durationSeconds),
  ];
}

/** Gives the job its GPUs on the fullest open node with room, or on a new node. */
function seat(
  problem: PlanningProblem,
  open: OpenNode[],
  {
    job,
    setup,
    configurations,
  }: { readonly job: PlanningJob; readonly setup: Setup; readonly configurations: ReadonlySet<string> },
): boolean {
  const runsOn = (vmType: VmType): boolean =>
    vmType.gpuType === setup.gpuType && configurations.has(`${vmType.id} ${setup.gpus}`);
  const fullest = open
    .filter((node) => node.freeGpus >= setup.gpus && runsOn(node.vmType))
    .sort((a, b) => a.freeGpus - b.freeGpus)[0];
  const node = fullest ?? openNode(problem, open, runsOn);
  if (node === undefined) return false;
  node.parts.push({ jobId: job.id, gpus: setup.gpus });
  node.freeGpus -= setup.gpus;
  return true;
}

function openNode(
  problem: PlanningProblem,
  open: OpenNode[],
  runsOn: (vmType: VmType) => boolean,
): OpenNode | undefined {
  if (open.length >= problem.maxNodes) return undefined;
  const vmType = problem.vmTypes
    .filter((candidate) => runsOn(candidate) && hasQuotaBeside(problem, open, candidate))
    .sort((a, b) => b.gpuCount - a.gpuCount)[0];
  if (vmType === undefined) return undefined;
  const node = { vmType, parts: [], freeGpus: vmType.gpuCount };
  open.push(node);
  return node;
}

function shrink(
  problem: PlanningProblem,
  open: readonly OpenNode[],
  { node, jobs }: { readonly node: OpenNode; readonly jobs: readonly PlanningJob[] },
): void {
  const gpusInUse = node.vmType.gpuCount - node.freeGpus;
  const others = open.filter((other) => other !== node);
  const holds = (vmType: VmType): boolean =>
    vmType.gpuType === node.vmType.gpuType &&
    vmType.gpuCount >= gpusInUse &&
    vmType.pricePerHourUsd < node.vmType.pricePerHourUsd &&
    hasQuotaBeside(problem, others, vmType) &&
    node.parts.every((part) =>
      jobs.some((job) => job.id === part.jobId && findConfiguration(job, vmType.id, part.gpus) !== undefined),
    );
  const cheapest = problem.vmTypes.filter(holds).sort((a, b) => a.pricePerHourUsd - b.pricePerHourUsd)[0];
  if (cheapest === undefined) return;
  node.freeGpus = cheapest.gpuCount - gpusInUse;
  node.vmType = cheapest;
}
