/**
 * Jobs as they are kept: without their durations, which are kept once for all jobs of a workload under the hash of their content.
 * What was kept is the truth: a job is planned by the durations that it was admitted with, whatever later versions would predict.
 */
import { createHash } from "node:crypto";
import type { JobState } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import { scaledTable, unitOf } from "../domain/duration-table.ts";
import type { Job } from "../domain/job.ts";

/** A duration table by reference: `scale` times the table of that id. */
export interface DurationReference {
  readonly durationTableId: string;
  readonly durationScale: number;
}

/** A job without its durations. */
export type StoredJob = Omit<Job, "durations"> & DurationReference;

/** A job's state without its durations. */
export type StoredJobState = Omit<JobState, "job"> & { readonly job: StoredJob };

/** Tables by id. */
export type DurationTables = ReadonlyMap<string, DurationTable>;

const ids = new WeakMap<DurationTable, string>();

/** Says by what a table is kept, and adds its content to `tables`. */
export function durationReference(
  durations: DurationTable,
  tables: Map<string, DurationTable>,
): DurationReference {
  const { unit, scale } = unitOf(durations);
  const known = ids.get(unit);
  const id = known ?? createHash("sha256").update(JSON.stringify(unit)).digest("hex").slice(0, 32);
  if (known === undefined) ids.set(unit, id);
  tables.set(id, unit);
  return { durationTableId: id, durationScale: scale };
}

/** The table that a reference means. Throws where `tables` lacks it. */
export function durationsOf(reference: DurationReference, tables: DurationTables): DurationTable {
  const unit = tables.get(reference.durationTableId);
  if (unit === undefined) throw new Error(`Duration table ${reference.durationTableId} is not there`);
  return scaledTable(unit, reference.durationScale);
}

/** A job for keeping; adds its durations to `tables`. */
export function storedJob({ durations, ...job }: Job, tables: Map<string, DurationTable>): StoredJob {
  return { ...job, ...durationReference(durations, tables) };
}

/** The job that was kept. */
export function restoredJob(stored: StoredJob, tables: DurationTables): Job {
  const { durationTableId, durationScale, ...job } = stored;
  return { ...job, durations: durationsOf({ durationTableId, durationScale }, tables) };
}
