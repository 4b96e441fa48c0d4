import type { VmTypeId } from "./ids.ts";

/** Where a duration comes from: a user's own measurement, a fit on measurements of that GPU, or a fit scaled from another GPU. */
export type DurationSource = "user" | "measured" | "scaled";

/** One entry t_jvg: how long a job takes on g GPUs of VM type v. */
export interface DurationEntry {
  readonly vmTypeId: VmTypeId;
  /** g, GPUs of one node. */
  readonly gpus: number;
  /** Predicted median. */
  readonly durationSeconds: number;
  /** Interval of the prediction (80 % unless the fit says otherwise); equal to the median for a user's own figure. */
  readonly lowerSeconds: number;
  readonly upperSeconds: number;
  readonly source: DurationSource;
  /** On several GPUs: the measurements that the scaling over them rests on, in words. Absent on one GPU and for a user's own figure. */
  readonly scalingOrigin?: string;
  /** What makes this prediction weaker than its interval says, for example "conv: operations outside the measured range". */
  readonly warnings: readonly string[];
}

/** A configuration that has no entry, and why (memory, missing fit). */
export interface MissingDuration {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  readonly reason: string;
}

/** t[j][v][g] of one job: the entries and, for the rest of the catalogue, why there is none. */
export interface DurationTable {
  readonly entries: readonly DurationEntry[];
  readonly missing: readonly MissingDuration[];
}

/** A table that is `scale` times another, for example of all iterations of a job from the table of one. */
export function scaledTable(unit: DurationTable, scale: number): DurationTable {
  const known = scaledTables.get(unit)?.get(scale);
  if (known !== undefined) return known;
  const table: DurationTable = {
    entries: unit.entries.map((entry) => ({
      ...entry,
      durationSeconds: scale * entry.durationSeconds,
      lowerSeconds: scale * entry.lowerSeconds,
      upperSeconds: scale * entry.upperSeconds,
    })),
    missing: unit.missing,
  };
  const ofUnit = scaledTables.get(unit) ?? new Map<number, DurationTable>();
  if (ofUnit.size >= MAX_KEPT_SCALES) ofUnit.clear();
  scaledTables.set(unit, ofUnit.set(scale, table));
  origins.set(table, { unit, scale });
  return table;
}

/** What a table was scaled from; a table that was not is its own unit. */
export function unitOf(table: DurationTable): { readonly unit: DurationTable; readonly scale: number } {
  return origins.get(table) ?? { unit: table, scale: 1 };
}

/** Jobs of one workload share one table: thousands of equal ones would fill the memory. */
const MAX_KEPT_SCALES = 1000;
const scaledTables = new WeakMap<DurationTable, Map<number, DurationTable>>();
const origins = new WeakMap<DurationTable, { readonly unit: DurationTable; readonly scale: number }>();
