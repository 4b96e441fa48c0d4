/** Turns a job's description into a job with its duration table, or says why it cannot run. */
import type { DurationTable } from "../domain/duration-table.ts";
import { scaledTable } from "../domain/duration-table.ts";
import type { JobId } from "../domain/ids.ts";
import { vmTypeId } from "../domain/ids.ts";
import { iterations } from "../domain/job.ts";
import type { Job, Workload } from "../domain/job.ts";
import { perHourToPerSecond } from "../domain/units.ts";
import type { ClusterLimits } from "../domain/relaxation.ts";
import type { VmType } from "../domain/vm-type.ts";
import { measuredDurations, predictDurations } from "../performance/duration-table.ts";
import type { Network } from "../performance/network.ts";
import { inlineNetworkId, networkOfLayers } from "./inline-network.ts";
import type { InputProblem } from "./input-problem.ts";
import { barredByLimits, withinLimits } from "./job-within-limits.ts";
import type { JobSpec, ScenarioJob } from "./job-spec.ts";
import type { ReferenceData } from "./reference-data.ts";

/** The problems of a batch that are listed at most for one job. */
const MAX_REASONS = 5;

/** Predictions of one iteration that a maker keeps at hand; batch sizes and layers are the users' to choose. */
const MAX_PREDICTIONS = 2000;

/** About 3,000 years: a job may take longer in no configuration, so that every time in an answer stays within the calendar. */
const LONGEST_JOB_SECONDS = 1e11;

/** A job, or everything that stands against it; paths start at the job. What fits nowhere is described well, and has no configuration whatever the limits. */
export type JobFromSpec =
  | { readonly kind: "job"; readonly job: Job }
  | { readonly kind: "refused" | "fits-nowhere"; readonly problems: readonly InputProblem[] };

/** Makes jobs for one cluster: its VM types and limits. Workloads with equal iterations share one prediction. */
export function jobMaker(
  reference: ReferenceData,
  limits: ClusterLimits,
): (
  spec: JobSpec | ScenarioJob,
  given: { readonly id: JobId; readonly submittedAtSeconds: number },
) => JobFromSpec {
  const { vmTypes } = limits;
  const ofOneIteration = new Map<string, DurationTable>();
  const predict = (network: Network, workload: Workload): DurationTable => {
    // Jobs of a batch often differ only in samples and epochs, and a prediction takes tens of milliseconds.
    const { networkId, networkName, framework, batchSize } = workload;
    const cacheKey = JSON.stringify([networkId ?? null, networkName, framework, batchSize]);
    const known = ofOneIteration.get(cacheKey);
    const oneIteration = { ...workload, samples: batchSize, epochs: 1 };
    const table = known ?? predictDurations({ ...reference, network, workload: oneIteration, vmTypes });
    if (known === undefined) {
      if (ofOneIteration.size >= MAX_PREDICTIONS) ofOneIteration.clear();
      ofOneIteration.set(cacheKey, table);
    }
    return scaledTable(table, iterations(workload));
  };

  return (spec, given) => {
    const network = findNetwork(reference, spec);
    if (network !== null && "path" in network) return { kind: "refused", problems: [network] };
    const problems = measurementProblems(spec, vmTypes);
    if (problems.length > 0) return { kind: "refused", problems };
    const workload: Workload = {
      networkName: network?.name ?? "measured",
      ...(typeof spec.network === "object" ? { networkId: inlineNetworkId(spec.network) } : {}),
      framework: spec.framework,
      batchSize: spec.batchSize,
      samples: spec.samples,
      epochs: spec.epochs,
    };
    const predicted = network === null ? nothingPredicted(vmTypes) : predict(network, workload);
    const measured = (spec.measuredSecondsPerEpoch ?? []).map((row) => ({
      ...row,
      vmTypeId: vmTypeId(row.vmType),
    }));
    const table = measuredDurations(predicted, measured, spec.epochs);
    if (table.entries.length === 0) return { kind: "fits-nowhere", problems: [fitsNowhere(spec, table)] };
    const barred = barredByLimits(limits, spec, { table, id: given.id });
    if (barred !== null) return { kind: "refused", problems: [barred] };
    const durations = withinLimits(table, limits);
    const longest = Math.max(...durations.entries.map((entry) => entry.upperSeconds));
    if (!(longest <= LONGEST_JOB_SECONDS))
      return { kind: "refused", problems: [takesTooLong(spec, longest)] };
    return {
      kind: "job",
      job: {
        ...given,
        workload,
        dueAtSeconds: spec.dueAt,
        tardinessCostPerSecondUsd: perHourToPerSecond(spec.tardinessCostPerHourUsd),
        budgetUsd: spec.budgetUsd ?? null,
        durations,
        ...(spec.checkpointSeconds === undefined ? {} : { checkpointSeconds: spec.checkpointSeconds }),
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
  if (typeof network !== "string") return networkOfLayers(network);
  return (
    networks.get(network) ?? {
      path: "/network",
      value: network,
      message: "no network has this name",
      fix: `Use one of: ${[...networks.keys()].join(", ")}; or give input and layers.`,
    }
  );
}

function measurementProblems(
  spec: JobSpec | ScenarioJob,
  vmTypes: readonly VmType[],
): readonly InputProblem[] {
  const seen = new Set<string>();
  return (spec.measuredSecondsPerEpoch ?? []).flatMap((row, index): readonly InputProblem[] => {
    const vmType = vmTypes.find((candidate) => candidate.id === row.vmType);
    const path = `/measuredSecondsPerEpoch/${index}`;
    if (vmType === undefined) {
      const known = vmTypes.map((candidate) => candidate.id).join(", ");
      return [
        {
          path: `${path}/vmType`,
          value: row.vmType,
          message: "the catalogue has no such VM type",
          fix: `Use one of: ${known}.`,
        },
      ];
    }
    if (row.gpus > vmType.gpuCount) {
      return [
        {
          path: `${path}/gpus`,
          value: row.gpus,
          message: `${vmType.id} has ${vmType.gpuCount} GPUs`,
          fix: `Give at most ${vmType.gpuCount}.`,
        },
      ];
    }
    const configuration = `${row.vmType} ${row.gpus}`;
    if (seen.has(configuration)) {
      return [
        {
          path,
          value: row,
          message: "this configuration is given twice",
          fix: "Give one figure for each VM type and GPU count.",
        },
      ];
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

function takesTooLong(spec: JobSpec | ScenarioJob, longestSeconds: number): InputProblem {
  return {
    path: "/epochs",
    value: spec.epochs,
    message: `the job could take ${longestSeconds.toPrecision(2)} s, and no job may take more than ${LONGEST_JOB_SECONDS} s`,
    fix: "Correct epochs, samples, batchSize or the measurements.",
  };
}
