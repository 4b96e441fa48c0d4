/**
 * Job classes and their options: jobs with identical rows are interchangeable, so they are counted, not named.
 * Two exact reductions (solving.md): an option that costs no less than waiting is dropped, and so is one for which fewer GPUs of the
 * same VM type cost no more. Comparing options of different VM types would be wrong: it ignores the node limit and the quotas.
 */
import type { VmTypeId } from "../domain/ids.ts";
import type { PlanningJob, PlanningProblem } from "../domain/planning-problem.ts";
import type { SeparableObjective } from "./objective.ts";

/** One option (v, g) of a class. */
export interface Option {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  /** C_cvg − P_c: what running this way saves or costs against waiting; negative, else it would be dropped. */
  readonly costAgainstWaiting: number;
}

/** Jobs that no objective can tell apart. */
export interface JobClass {
  /** Name in the MILP: the id of its first job. */
  readonly name: string;
  /** Sorted by id; n_c of them. */
  readonly jobs: readonly PlanningJob[];
  readonly options: readonly Option[];
}

/** All classes of a problem, in the order of their first jobs. */
export function jobClasses(problem: PlanningProblem, objective: SeparableObjective): readonly JobClass[] {
  const byRow = new Map<string, { jobs: PlanningJob[]; options: readonly Option[] }>();
  for (const job of problem.jobs) {
    const options = usefulOptions(job, objective);
    const row = options
      .map((option) => `${option.vmTypeId}|${option.gpus}|${option.costAgainstWaiting}`)
      .join(";");
    const known = byRow.get(row);
    if (known === undefined) byRow.set(row, { jobs: [job], options });
    else known.jobs.push(job);
  }
  return [...byRow.values()].map(({ jobs, options }) => ({ name: jobs[0]?.id ?? "", jobs, options }));
}

function usefulOptions(job: PlanningJob, objective: SeparableObjective): readonly Option[] {
  const waiting = objective.waiting(job);
  const better = job.configurations
    .map((configuration) => ({
      vmTypeId: configuration.vmTypeId,
      gpus: configuration.gpus,
      costAgainstWaiting: objective.running(job, configuration) - waiting,
    }))
    .filter((option) => option.costAgainstWaiting < 0);
  return better.filter((option) => !better.some((other) => replaces(other, option)));
}

/** Whether one option makes another needless: the same VM type, fewer GPUs, no dearer. */
function replaces(other: Option, option: Option): boolean {
  return (
    other.vmTypeId === option.vmTypeId &&
    other.gpus < option.gpus &&
    other.costAgainstWaiting <= option.costAgainstWaiting
  );
}
