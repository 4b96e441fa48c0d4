/** Turns a job's description into a job with its duration table, or says why it cannot run. */
import type { DurationTable } from "../domain/duration-table.ts";
import type { JobId } from "../domain/ids.ts";
import { vmTypeId } from "../domain/ids.ts";
import type { Job, Workload } from "../domain/job.ts";
import { perHourToPerSecond } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import { measuredDurations, predictDurations } from "../performance/duration-table.ts";
import type { Network } from "../performance/network.ts";
import type { InputProblem } from "./input-problem.ts";
import type { JobSpec, ScenarioJob } from "./job-spec.ts";
import type { ReferenceData } from "./reference-data.ts";

/** The problems of a batch that are listed at most for one job. */
const MAX_REASONS = 5;

/** A job, or everything that stands against it; paths start at the job. */
export type JobFromSpec =
  | { readonly kind: "job"; readonly job: Job }
  | { readonly kind: "refused"; readonly problems: readonly InputProblem[] };

/** Makes jobs for one cluster's VM types. Equal workloads share one prediction. */
export function jobMaker(
  reference: ReferenceData,
  vmTypes: readonly VmType[],
): (spec: JobSpec | ScenarioJob, given: { readonly id: JobId; readonly submittedAtSeconds: number }) => JobFromSpec {
  const predictions = new Map<string, DurationTable>();
  const predict = (network: Network, workload: Workload, cacheKey: string | null): DurationTable => {
    const known = cacheKey === null ? undefined : predictions.get(cacheKey);
    const table = known ?? predictDurations({ ...reference, network, workload, vmTypes });
    if (cacheKey !== null) predictions.set(cacheKey, table);
    return table;
  };

  return (spec, given) => {
    const network = findNetwork(reference, spec);
    if (network !== null && "path" in network) return { kind: "refused", problems: [network] };
    const problems = measurementProblems(spec, vmTypes);
    if (problems.length > 0) return { kind: "refused", problems };
    const workload: Workload = {
      networkName: network?.name ?? "measured",
      framework: spec.framework,
      batchSize: spec.batchSize,
      samples: spec.samples,
      epochs: spec.epochs,
    };
    const cacheKey = typeof spec.network === "string" ? JSON.stringify(workload) : null;
    const predicted = network === null ? nothingPredicted(vmTypes) : predict(network, workload, cacheKey);
    const measured = (spec.measuredSecondsPerEpoch ?? []).map((row) => ({ ...row, vmTypeId: vmTypeId(row.vmType) }));
    const durations = measuredDurations(predicted, measured, spec.epochs);
    if (durations.entries.length === 0) return { kind: "refused", problems: [fitsNowhere(spec, durations)] };
    return {
      kind: "job",
      job: {
        ...given,
        workload,
        dueAtSeconds: spec.dueAt,
        tardinessCostPerSecondUsd: perHourToPerSecond(spec.tardinessCostPerHourUsd),
        durations,
      },
    };
  };
}

/** The network that a description means; null when it brings only measurements; a problem when the name is unknown. */
function findNetwork(
  { networks }: ReferenceData,
  { network }: Pick<JobSpec, "network">,
): Network | InputProblem | null {
  if (network === undefined) return null;
  if (typeof network !== "string") return { title: "", source: "", ...network, name: network.name ?? "inline" };
  return (
    networks.get(network) ?? {
      path: "/network",
      value: network,
      message: "no network has this name",
      fix: `Use one of: ${[...networks.keys()].join(", ")}; or give input and layers.`,
    }
  );
}

function measurementProblems(spec: JobSpec | ScenarioJob, vmTypes: readonly VmType[]): readonly InputProblem[] {
  const seen = new Set<string>();
  return (spec.measuredSecondsPerEpoch ?? []).flatMap((row, index): readonly InputProblem[] => {
    const vmType = vmTypes.find((candidate) => candidate.id === row.vmType);
    const path = `/measuredSecondsPerEpoch/${index}`;
    if (vmType === undefined) {
      const known = vmTypes.map((candidate) => candidate.id).join(", ");
      return [{ path: `${path}/vmType`, value: row.vmType, message: "the catalogue has no such VM type", fix: `Use one of: ${known}.` }];
    }
    if (row.gpus > vmType.gpuCount) {
      return [{ path: `${path}/gpus`, value: row.gpus, message: `${vmType.id} has ${vmType.gpuCount} GPUs`, fix: `Give at most ${vmType.gpuCount}.` }];
    }
    const configuration = `${row.vmType} ${row.gpus}`;
    if (seen.has(configuration)) {
      return [{ path, value: row, message: "this configuration is given twice", fix: "Give one figure for each VM type and GPU count." }];
    }
    seen.add(configuration);
    return [];
  });
}

function nothingPredicted(vmTypes: readonly VmType[]): DurationTable {
  const missing = vmTypes.flatMap((vmType) =>
    Array.from({ length: vmType.gpuCount }, (_, index) => ({
      vmTypeId: vmType.id,
      gpus: index + 1,
      reason: "not measured, and no network is given to predict from",
    })),
  );
  return { entries: [], missing };
}

function fitsNowhere(spec: JobSpec | ScenarioJob, durations: DurationTable): InputProblem {
  const reasons = [...new Set(durations.missing.map((row) => row.reason))];
  const more = reasons.length > MAX_REASONS ? `; and ${reasons.length - MAX_REASONS} more` : "";
  return {
    path: "",
    value: { network: typeof spec.network === "string" ? spec.network : "inline", batchSize: spec.batchSize },
    message: `the job fits no VM type of the catalogue (${reasons.slice(0, MAX_REASONS).join("; ")}${more})`,
    fix: "Use a smaller batch, a catalogue with larger GPUs, or give measuredSecondsPerEpoch.",
  };
}
