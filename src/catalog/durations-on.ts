/** Durations of jobs that are known already on VM types of another catalogue. */
import type { DurationTable, MissingDuration } from "../domain/duration-table.ts";
import type { JobId } from "../domain/ids.ts";
import type { ClusterLimits } from "../domain/relaxation.ts";
import type { Job } from "../domain/job.ts";
import { perSecondToPerHour } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { InlineNetwork, InlineNetworks } from "./inline-network.ts";
import { jobMaker } from "./job-from-spec.ts";
import type { ScenarioJob } from "./job-spec.ts";
import type { ReferenceData } from "./reference-data.ts";

/** Predictions of one network differ by less than this on one machine; those of another network by more. */
const SAME_PREDICTION = 1e-6;

/**
 * The table of every job on `vmTypes`. A VM type that `known` has too, with the same GPUs, keeps the job's own figures, measurements included. On others the job is
 * predicted if its network is shipped or its layers are among `networks`. Jobs of histories from before layers were kept have none: there durations are missing, with the reason.
 */
export function durationsOn(args: {
  readonly reference: ReferenceData;
  /** Layers that jobs brought along. */
  readonly networks: InlineNetworks;
  readonly jobs: readonly Job[];
  readonly known: readonly VmType[];
  readonly vmTypes: readonly VmType[];
}): ReadonlyMap<JobId, DurationTable> {
  const { reference, networks, jobs, known, vmTypes } = args;
  const kept = new Set(
    vmTypes
      .filter((vmType) => known.some((other) => other.id === vmType.id && isSameMachine(other, vmType)))
      .map((vmType) => vmType.id),
  );
  const others = vmTypes.filter((vmType) => !kept.has(vmType.id)).map(withoutQuota);
  const predict = jobMaker(reference, unlimited(others));
  const predictKnown = jobMaker(reference, unlimited(known.map(withoutQuota)));
  return new Map(
    jobs.map((job): [JobId, DurationTable] => {
      const own = {
        entries: job.durations.entries.filter(({ vmTypeId }) => kept.has(vmTypeId)),
        missing: job.durations.missing.filter(({ vmTypeId }) => kept.has(vmTypeId)),
      };
      if (others.length === 0) return [job.id, own];
      const network = networkOf(job, { reference, networks, predictKnown });
      const found =
        network === null
          ? nothing(others, "its layers are not known any more, so that it cannot be predicted there")
          : predicted(specOf(job, network), { job, vmTypes: others, predict });
      return [
        job.id,
        { entries: [...own.entries, ...found.entries], missing: [...own.missing, ...found.missing] },
      ];
    }),
  );
}

const isSameMachine = (a: VmType, b: VmType): boolean =>
  a.gpuType === b.gpuType &&
  a.gpuCount === b.gpuCount &&
  a.gpuShare === b.gpuShare &&
  a.gpuMemoryGib === b.gpuMemoryGib &&
  a.vcpuCount === b.vcpuCount;

/** A quota of 0 is the variant's matter; a prediction does not depend on it. */
const withoutQuota = (vmType: VmType): VmType => ({ ...vmType, quotaNodes: null });

/** What to predict a job by: its layers, or a shipped network's name; null when neither is known. */
function networkOf(
  job: Job,
  args: {
    readonly reference: ReferenceData;
    readonly networks: InlineNetworks;
    readonly predictKnown: ReturnType<typeof jobMaker>;
  },
): InlineNetwork | string | null {
  const { networkId, networkName } = job.workload;
  if (networkId !== undefined) return args.networks.get(networkId) ?? null;
  return isShipped(args.reference, job, args.predictKnown) ? networkName : null;
}

/**
 * Whether a job's network is the shipped one of that name: in histories from before layers were kept, an inline network may have the same, and nothing
 * says so. Checked by predicting what the job has already.
 */
function isShipped(reference: ReferenceData, job: Job, predict: ReturnType<typeof jobMaker>): boolean {
  if (!reference.networks.has(job.workload.networkName)) return false;
  const own = job.durations.entries.find(({ source }) => source !== "user");
  if (own === undefined) return true;
  const made = predict(specOf(job, job.workload.networkName), job);
  const again =
    made.kind === "job"
      ? made.job.durations.entries.find(
          ({ vmTypeId, gpus }) => vmTypeId === own.vmTypeId && gpus === own.gpus,
        )
      : undefined;
  return (
    again !== undefined &&
    Math.abs(again.durationSeconds - own.durationSeconds) <= SAME_PREDICTION * own.durationSeconds
  );
}

function predicted(
  spec: ScenarioJob,
  args: {
    readonly job: Job;
    readonly vmTypes: readonly VmType[];
    readonly predict: ReturnType<typeof jobMaker>;
  },
): DurationTable {
  const { job, vmTypes, predict } = args;
  const made = predict(spec, job);
  return made.kind === "job"
    ? made.job.durations
    : nothing(vmTypes, made.problems.map(({ message }) => message).join("; "));
}

const nothing = (vmTypes: readonly VmType[], reason: string): DurationTable => ({
  entries: [],
  missing: vmTypes.flatMap(({ id, gpuCount }) =>
    Array.from({ length: gpuCount }, (_, index): MissingDuration => ({
      vmTypeId: id,
      gpus: index + 1,
      reason,
    })),
  ),
});

const specOf = ({ id, workload, ...job }: Job, network: InlineNetwork | string): ScenarioJob => ({
  id,
  submittedAt: job.submittedAtSeconds,
  network,
  framework: workload.framework,
  batchSize: workload.batchSize,
  samples: workload.samples,
  epochs: workload.epochs,
  dueAt: job.dueAtSeconds,
  tardinessCostPerHourUsd: perSecondToPerHour(job.tardinessCostPerSecondUsd),
});

/** Predictions do not depend on limits; what these leave is the decision's affair. */
const unlimited = (vmTypes: readonly VmType[]): ClusterLimits => ({
  vmTypes,
  maxNodes: Infinity,
  nodeLimits: [],
});
