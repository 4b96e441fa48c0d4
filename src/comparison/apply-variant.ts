/** Makes the copy of the base that a variant is decided on. A job that fits nothing there is left out and reported; it is no error. */
import type { AllocatedNode, Allocation } from "../domain/allocation.ts";
import type { ClusterSettings, ClusterState } from "../domain/cluster-state.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { NodeId, VmTypeId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { PolicyName } from "../planner/policy.ts";
import { plannedDurationNotes } from "./planned-durations.ts";
import { discountNotes, variantSettings } from "./variant-settings.ts";
import type { ComparisonBase, LeftOutJob, Variant, VariantCase } from "./variant.ts";

/** Reasons that a job left out is given at most. */
const MAX_REASONS = 3;

/** Policies that never take a node away from a job: what runs over a variant's limits must be taken away before they decide. */
const KEEPS_WHAT_RUNS: ReadonlySet<PolicyName> = new Set(["fifo", "edf", "priority"]);

/** The base as the variant would have it. Throws when another catalogue brings no durations for a job, which is a bug of the caller. */
export function applyVariant(base: ComparisonBase, variant: Variant): VariantCase {
  // What is planned with is the variant's to say; the comparison sees to it itself, so that it is not counted twice.
  const { durationPercentile = "P50", ...present } = base.state.settings;
  const settings = variantSettings(present, variant);
  const policy = variant.policy ?? base.policy;
  const plannedDurations = variant.plannedDurations ?? durationPercentile;
  const change = (job: Job): Job => changedJob(job, settings, variant);
  const entries = activeJobs(base.state).map((entry) => ({ ...entry, job: change(entry.job) }));
  const arrivals = base.arrivals.map(change);
  const all = [...entries.map((entry) => entry.job), ...arrivals];
  const state: ClusterState = {
    ...base.state,
    settings,
    jobs: entries.filter((entry) => fits(entry.job)),
    accruedRentUsd: 0,
    accruedTardinessUsd: 0,
  };
  const { allocation, notes } = fittingAllocation(state, policy);
  return {
    variant,
    state: { ...state, allocation },
    arrivals: arrivals.filter(fits),
    policy,
    plannedDurations,
    leftOut: all.filter((job) => !fits(job)).map((job) => leftOut(job, settings)),
    notes: [
      ...notes,
      ...discountNotes(variant.discounts ?? []),
      ...plannedDurationNotes(all, plannedDurations),
    ],
  };
}

const fits = (job: Job): boolean => job.durations.entries.length > 0;

function changedJob(job: Job, settings: ClusterSettings, variant: Variant): Job {
  const durations = offeredOnly(durationsIn(job, variant), settings.vmTypes);
  const { dueDateSlack, tardinessWeightFactor } = variant;
  if (durations === job.durations && dueDateSlack === null && tardinessWeightFactor === null) return job;
  const { factor, addedSeconds } = dueDateSlack ?? { factor: 1, addedSeconds: 0 };
  const givenSeconds = job.dueAtSeconds - job.submittedAtSeconds;
  return {
    ...job,
    dueAtSeconds:
      dueDateSlack === null
        ? job.dueAtSeconds
        : job.submittedAtSeconds + factor * givenSeconds + addedSeconds,
    tardinessCostPerSecondUsd: job.tardinessCostPerSecondUsd * (tardinessWeightFactor ?? 1),
    durations,
  };
}

function durationsIn(job: Job, { catalogue, name }: Variant): DurationTable {
  if (catalogue === null) return job.durations;
  const table = catalogue.durations.get(job.id);
  if (table === undefined)
    throw new Error(`Variant ${name} has no durations of job ${job.id} on ${catalogue.name}`);
  return table;
}

/** The entries of VM types that may be rented; the others are missing, with the reason. The same table where nothing is taken away. */
function offeredOnly(table: DurationTable, vmTypes: readonly VmType[]): DurationTable {
  const byId = new Map(vmTypes.map((vmType) => [vmType.id, vmType]));
  const obstacle = (id: VmTypeId): string | null => {
    const vmType = byId.get(id);
    if (vmType === undefined) return `${id} is not offered in this variant`;
    return vmType.quotaNodes === 0 ? `the quota of ${id} is 0 in this variant` : null;
  };
  const barred = table.entries.flatMap(({ vmTypeId, gpus }) => {
    const reason = obstacle(vmTypeId);
    return reason === null ? [] : [{ vmTypeId, gpus, reason }];
  });
  if (barred.length === 0) return table;
  return {
    entries: table.entries.filter(({ vmTypeId }) => obstacle(vmTypeId) === null),
    missing: [...table.missing, ...barred],
  };
}

/** Reasons of VM types that are offered say more than that the others are not. */
function leftOut(job: Job, { vmTypes }: ClusterSettings): LeftOutJob {
  const offered = new Set(vmTypes.map((vmType) => vmType.id));
  const own = job.durations.missing.filter(({ vmTypeId }) => offered.has(vmTypeId));
  const rows = own.length > 0 ? own : job.durations.missing;
  const reasons = [...new Set(rows.map((row) => row.reason))];
  const more = reasons.length > MAX_REASONS ? `; and ${reasons.length - MAX_REASONS} more` : "";
  return {
    jobId: job.id,
    reason: `fits no VM type of this variant (${reasons.slice(0, MAX_REASONS).join("; ")}${more})`,
  };
}

/** What can go on running: nodes of VM types that are offered with the jobs that have a duration there. */
function fittingAllocation(
  state: ClusterState,
  policy: PolicyName,
): { readonly allocation: Allocation; readonly notes: readonly string[] } {
  const { vmTypes, maxNodes } = state.settings;
  const byId = new Map(vmTypes.map((vmType) => [vmType.id, vmType]));
  const runnable = new Set(
    state.jobs.flatMap(({ id, job }) =>
      job.durations.entries.map(({ vmTypeId, gpus }) => `${id} ${vmTypeId} ${gpus}`),
    ),
  );
  const kept = new Map<NodeId, AllocatedNode>();
  const counts = new Map<VmTypeId, number>();
  const notes: string[] = [];
  for (const node of [...state.allocation.nodes].sort((a, b) => ageOf(a) - ageOf(b))) {
    const ofType = counts.get(node.vmTypeId) ?? 0;
    const obstacle = obstacleTo(byId.get(node.vmTypeId), {
      policy,
      maxNodes,
      kept: kept.size,
      keptOfType: ofType,
    });
    if (obstacle !== null) {
      notes.push(`${node.id} (${node.vmTypeId}) is given back first and its jobs wait: ${obstacle}.`);
      continue;
    }
    const parts = node.parts.filter(({ jobId, gpus }) => runnable.has(`${jobId} ${node.vmTypeId} ${gpus}`));
    kept.set(node.id, parts.length === node.parts.length ? node : { ...node, parts });
    counts.set(node.vmTypeId, ofType + 1);
  }
  const inOrder = state.allocation.nodes.flatMap(({ id }) => kept.get(id) ?? []);
  return { allocation: { nodes: inOrder }, notes };
}

/** Why a node cannot stay; null when it can. */
function obstacleTo(
  vmType: VmType | undefined,
  args: {
    readonly policy: PolicyName;
    readonly maxNodes: number;
    readonly kept: number;
    readonly keptOfType: number;
  },
): string | null {
  const { policy, maxNodes, kept, keptOfType } = args;
  if (vmType === undefined) return "this variant does not offer its VM type";
  if (vmType.quotaNodes === 0) return "the quota of its VM type is 0";
  if (!KEEPS_WHAT_RUNS.has(policy)) return null;
  if (kept >= maxNodes)
    return `at most ${maxNodes} nodes may be rented, and ${policy} takes none away by itself`;
  return keptOfType >= quotaWithin(vmType, maxNodes)
    ? `the quota of its VM type is ${keptOfType}, and ${policy} takes none away by itself`
    : null;
}

/** Nodes are numbered in the order in which they were rented. */
const ageOf = ({ id }: AllocatedNode): number => Number(id.replace(/^\D*/, ""));
