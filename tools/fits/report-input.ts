import type { DurationFit, FitLibrary, WorkFit } from "../../src/performance/fit.ts";
import type { GpuSpec } from "../../src/performance/gpu.ts";

/** What the tables are made from. */
export interface ReportInput {
  readonly dataFolder: string;
  readonly fits: FitLibrary;
  readonly gpus: readonly GpuSpec[];
}

/** One model of a fit; throws when the fit lacks it. */
export function workOf(fit: DurationFit, wanted: Pick<WorkFit, "model" | "workKind" | "direction">): WorkFit {
  const found = fit.work.find(
    (work) =>
      work.model === wanted.model && work.workKind === wanted.workKind && work.direction === wanted.direction,
  );
  if (found === undefined)
    throw new Error(`The ${fit.gpu} fit has no ${wanted.model} ${wanted.workKind} ${wanted.direction}.`);
  return found;
}
