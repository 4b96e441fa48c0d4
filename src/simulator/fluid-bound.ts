/**
 * The clairvoyant fluid bound: what no policy can go below on a scenario, however it decides (formulation.md §4).
 *
 * Each job is taken alone, as if it always shared full nodes, could start when it is submitted and could switch its configuration for nothing.
 *
 *   min  Σ_i f_i κ_i + ω_j τ                                         i = (v, g), κ_i = t_i c_v g / G_v
 *   s.t. Σ_i f_i = 1 ;  τ ≥ a_j + Σ_i f_i t_i − d_j ;  f, τ ≥ 0
 *
 * Proof. Of a node's rent a job with g of its GPUs answers for at least the share g / G_v, since the GPUs in use never exceed G_v and the shares of the
 * jobs on a node add up to its rent; so a job that does the share f_i of its work in configuration i costs at least Σ f_i κ_i. It runs for Σ f_i t_i
 * seconds in all and starts no sooner than a_j, so it ends no sooner than a_j + Σ f_i t_i. Node limit and quotas only add constraints; costs add up over jobs.
 * The program has two rows besides f, τ ≥ 0, so an optimal vertex mixes at most two configurations: either one alone, or two such that the due date is met to
 * the second (else τ > 0 or the due date is slack, and one of the two rows is not binding).
 * The minimum over single configurations is no bound: a mixture can be cheaper where the due date binds.
 */
import { shareOfRentUsd, tardinessCostUsd } from "../domain/cost.ts";
import type { Job } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";
import type { ActualSeconds } from "./actual-durations.ts";

/** One pure strategy: the whole job in one configuration. */
export interface PureRun {
  /** t_i */
  readonly durationSeconds: number;
  /** κ_i */
  readonly rentUsd: number;
}

/** Bound of a whole scenario in USD; durations are those that will really be. */
export function fluidBoundUsd(args: {
  readonly jobs: readonly Job[];
  readonly vmTypes: readonly VmType[];
  readonly maxNodes: number;
  readonly actualSeconds: ActualSeconds;
}): number {
  const vmTypes = new Map(
    args.vmTypes
      .filter((vmType) => quotaWithin(vmType, args.maxNodes) > 0)
      .map((vmType) => [vmType.id, vmType]),
  );
  return args.jobs.reduce((total, job) => {
    const runs = job.durations.entries.flatMap(({ vmTypeId, gpus }): PureRun[] => {
      const vmType = vmTypes.get(vmTypeId);
      if (vmType === undefined) return [];
      const durationSeconds = args.actualSeconds(job, vmTypeId, gpus);
      return [
        {
          durationSeconds,
          rentUsd: shareOfRentUsd({ ...vmType, durationSeconds, gpus, gpusInUse: vmType.gpuCount }),
        },
      ];
    });
    return total + jobFluidBoundUsd(job, runs);
  }, 0);
}

/** Bound of one job in USD; Infinity when it can run nowhere. */
export function jobFluidBoundUsd(
  job: Pick<Job, "submittedAtSeconds" | "dueAtSeconds" | "tardinessCostPerSecondUsd">,
  runs: readonly PureRun[],
): number {
  const allowedSeconds = job.dueAtSeconds - job.submittedAtSeconds;
  const alone = runs.map(
    (run) =>
      run.rentUsd +
      tardinessCostUsd({ ...job, completionAtSeconds: job.submittedAtSeconds + run.durationSeconds }),
  );
  const fast = runs.filter((run) => run.durationSeconds < allowedSeconds);
  const slow = runs.filter((run) => run.durationSeconds > allowedSeconds);
  const mixed = fast.flatMap((a) => slow.map((b) => mixtureUsd(a, b, allowedSeconds)));
  return Math.min(...alone, ...mixed, Infinity);
}

/** Rent of the mixture that takes exactly the time allowed. */
function mixtureUsd(fast: PureRun, slow: PureRun, allowedSeconds: number): number {
  const slowShare = (allowedSeconds - fast.durationSeconds) / (slow.durationSeconds - fast.durationSeconds);
  return fast.rentUsd * (1 - slowShare) + slow.rentUsd * slowShare;
}
