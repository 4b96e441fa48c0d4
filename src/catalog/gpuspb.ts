/**
 * Scenarios of GPUspb, the peer (Polimi's GPU scheduler): a folder with jobs.csv, times.csv and nodes.csv.
 *
 *   jobs    UniqueJobsID, Application, Images, Epochs, Batchsize, SubmissionTime (s), Deadline (s), Tardinessweight (USD/s)
 *   times   UniqueJobsID, VMtype, GpuType, GpuNumber, maxGpuNumber, cost (USD/h of the whole VM), ExecutionTime (s)
 *   nodes   one row for each node that may be rented
 *
 * times.csv holds several rows for one job, VM type and GPU count, with times up to 3.7 times apart. The peer keeps them all (a multimap) and lets a
 * job take the cheapest, which is the fastest of them; so the fastest row counts here.
 */
import { join } from "node:path";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import type { DurationEntry } from "../domain/duration-table.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { jobId, sortedById, vmTypeId } from "../domain/ids.ts";
import type { Framework, Job } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { CsvFile, CsvRow } from "./csv-file.ts";
import { readCsvFile } from "./csv-file.ts";
import { InvalidInput } from "./input-problem.ts";

/** The peer decides at arrivals and completions only: H so large (s) that the timer never ends a simulation's interval. */
const NO_TIMER_SECONDS = 1e9;

const FRAMEWORK_PREFIXES: Readonly<Record<string, Framework>> = {
  tf: "tensorflow",
  pytorch: "pytorch",
  caffe: "caffe",
};

/** A folder of the peer's as a scenario, and how many rows of times.csv another row made needless. */
export interface GpuspbScenario {
  readonly settings: ClusterSettings;
  readonly jobs: readonly Job[];
  readonly duplicateRowCount: number;
}

/** Loads a folder; throws InvalidInput naming file, row, column, value and fix. */
export function loadGpuspbScenario(folder: string): GpuspbScenario {
  const times = readTimes(join(folder, "times.csv"));
  const jobs = readJobs(join(folder, "jobs.csv"), times.durations);
  const maxNodes = readCsvFile(join(folder, "nodes.csv"), []).rows.length;
  return {
    settings: { vmTypes: times.vmTypes, maxNodes, nodeLimits: [], replanIntervalSeconds: NO_TIMER_SECONDS },
    jobs,
    duplicateRowCount: times.duplicateRowCount,
  };
}

interface Times {
  readonly vmTypes: readonly VmType[];
  /** By job, then by VM type and GPU count. */
  readonly durations: ReadonlyMap<string, ReadonlyMap<string, DurationEntry>>;
  readonly duplicateRowCount: number;
}

function readTimes(path: string): Times {
  const file = readCsvFile(path, [
    "UniqueJobsID",
    "VMtype",
    "GpuType",
    "GpuNumber",
    "maxGpuNumber",
    "cost",
    "ExecutionTime",
  ]);
  const vmTypes = new Map<VmTypeId, VmType>();
  const durations = new Map<string, Map<string, DurationEntry>>();
  let duplicateRowCount = 0;
  for (const row of file.rows) {
    const vmType = readVmType(row);
    const known = vmTypes.get(vmType.id);
    if (known === undefined) vmTypes.set(vmType.id, vmType);
    else checkSameVmType(row, known, vmType);
    const entry = readDuration(row, vmType);
    const ofJob = durations.get(row.text("UniqueJobsID")) ?? new Map<string, DurationEntry>();
    durations.set(row.text("UniqueJobsID"), ofJob);
    const configuration = `${entry.vmTypeId} ${entry.gpus}`;
    const other = ofJob.get(configuration);
    if (other !== undefined) duplicateRowCount += 1;
    if (other === undefined || entry.durationSeconds < other.durationSeconds) ofJob.set(configuration, entry);
  }
  file.check();
  return { vmTypes: sortedById([...vmTypes.values()]), durations, duplicateRowCount };
}

function readVmType(row: CsvRow): VmType {
  return {
    id: vmTypeId(row.text("VMtype")),
    gpuType: row.text("GpuType"),
    gpuCount: row.wholeNumber("maxGpuNumber", 1),
    gpuShare: 1,
    // The files say nothing of memory, and no duration is predicted from it here: the times are given.
    gpuMemoryGib: 0,
    vcpuCount: null,
    memoryGib: null,
    pricePerHourUsd: row.number("cost", 0),
    region: "gpuspb",
    family: null,
    quotaNodes: null,
  };
}

function checkSameVmType(row: CsvRow, known: VmType, vmType: VmType): void {
  const checks: readonly [string, keyof VmType][] = [
    ["GpuType", "gpuType"],
    ["maxGpuNumber", "gpuCount"],
    ["cost", "pricePerHourUsd"],
  ];
  for (const [column, field] of checks) {
    if (Object.is(known[field], vmType[field])) continue;
    row.problem(column, {
      message: `an earlier row says ${String(known[field])} for ${vmType.id}`,
      fix: "Give each VM type one GPU type, GPU count and price.",
    });
  }
}

function readDuration(row: CsvRow, vmType: VmType): DurationEntry {
  const durationSeconds = row.number("ExecutionTime", Number.MIN_VALUE);
  const gpus = row.wholeNumber("GpuNumber", 1);
  if (gpus > vmType.gpuCount) {
    row.problem("GpuNumber", {
      message: `${vmType.id} has ${vmType.gpuCount} GPUs`,
      fix: `Give at most ${vmType.gpuCount}, or correct maxGpuNumber.`,
    });
  }
  return {
    vmTypeId: vmType.id,
    gpus,
    durationSeconds,
    lowerSeconds: durationSeconds,
    upperSeconds: durationSeconds,
    source: "user",
    warnings: [],
  };
}

function readJobs(path: string, durations: Times["durations"]): readonly Job[] {
  const file = readCsvFile(path, [
    "UniqueJobsID",
    "Application",
    "Images",
    "Epochs",
    "Batchsize",
    "SubmissionTime",
    "Deadline",
    "Tardinessweight",
  ]);
  const seen = new Set<string>();
  const jobs = file.rows.map((row): Job => {
    const id = row.text("UniqueJobsID");
    if (seen.has(id))
      row.problem("UniqueJobsID", { message: "another row has this id", fix: "Give each job one row." });
    seen.add(id);
    const entries = [...(durations.get(id)?.values() ?? [])];
    if (entries.length === 0) {
      row.problem("UniqueJobsID", {
        message: "times.csv has no row for this job, so it can run nowhere",
        fix: "Add its times, or remove the job.",
      });
    }
    const [prefix = "", networkName = ""] = row.text("Application").split("_");
    return {
      id: jobId(id),
      workload: {
        networkName: networkName === "" ? row.text("Application") : networkName,
        framework: FRAMEWORK_PREFIXES[prefix] ?? "tensorflow",
        batchSize: row.wholeNumber("Batchsize", 1),
        samples: row.wholeNumber("Images", 1),
        epochs: row.wholeNumber("Epochs", 1),
      },
      submittedAtSeconds: row.number("SubmissionTime", 0),
      dueAtSeconds: row.number("Deadline", 0),
      tardinessCostPerSecondUsd: row.number("Tardinessweight", 0),
      budgetUsd: null,
      durations: { entries, missing: [] },
    };
  });
  checkFile(file, path, jobs);
  return jobs;
}

function checkFile(file: CsvFile, path: string, jobs: readonly Job[]): void {
  file.check();
  if (jobs.length > 0) return;
  throw new InvalidInput(path, [
    { path: "", value: path, message: "the file has no job", fix: "Add at least one row." },
  ]);
}
