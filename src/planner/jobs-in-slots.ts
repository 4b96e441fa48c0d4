/** From counts back to jobs: which job of a class runs in which configuration, and how the nodes are cut. */
import type { Placement } from "../domain/allocation.ts";
import { placements } from "../domain/allocation.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { Assignment, Choice, NodeCut } from "../formulation/formulation.ts";
import type { NodeCutKind } from "../formulation/node-cuts.ts";
import type { SlotTable } from "../formulation/slot-table.ts";
import type { JobEntries } from "./job-entries.ts";

/** The assignment that a search found. Of a class's jobs those that run this way already come first, so that they need not move. */
export function jobsInSlots(
  problem: PlanningProblem,
  table: SlotTable,
  found: {
    readonly entries: JobEntries;
    readonly cuts: readonly NodeCutKind[];
    readonly nodes: Int32Array;
  },
): Assignment {
  const current = placements(problem.current);
  const choices: Choice[] = [];
  jobsByClass(problem, table).forEach((jobs, c) => {
    const wanted = wantedConfigurations(table, found.entries, c);
    if (wanted.length > 0) choices.push(...chosenFor(jobs, wanted, current));
  });
  const cuts: NodeCut[] = [];
  found.cuts.forEach(({ vmType, partition }, q) => {
    const vmTypeId = table.vmTypes[vmType]?.id;
    if (vmTypeId === undefined) return;
    for (let node = 0; node < (found.nodes[q] ?? 0); node += 1) cuts.push({ vmTypeId, partition });
  });
  return { kind: "pooled", choices, cuts };
}

/** Jobs of a class that run in one configuration. */
interface Wanted {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
  left: number;
}

function jobsByClass(problem: PlanningProblem, table: SlotTable): readonly (readonly JobId[])[] {
  const jobs: JobId[][] = Array.from({ length: table.classCount }, () => []);
  problem.jobs.forEach((job, index) => {
    jobs[table.classOfJob[index] ?? -1]?.push(job.id);
  });
  return jobs;
}

function wantedConfigurations(table: SlotTable, entries: JobEntries, c: number): readonly Wanted[] {
  const wanted: Wanted[] = [];
  entries.visitClass(c, (slot, jobs) => {
    const vmType = table.vmTypes.find(
      ({ firstSlot, slotCount }) => slot >= firstSlot && slot < firstSlot + slotCount,
    );
    if (vmType === undefined) return;
    wanted.push({ vmTypeId: vmType.id, gpus: table.gpus[c * table.slotCount + slot] ?? 0, left: jobs });
  });
  return wanted;
}

function chosenFor(
  jobs: readonly JobId[],
  wanted: readonly Wanted[],
  current: ReadonlyMap<JobId, Placement>,
): readonly Choice[] {
  const choices: Choice[] = [];
  const take = (jobId: JobId, entry: Wanted): void => {
    entry.left -= 1;
    choices.push({ jobId, vmTypeId: entry.vmTypeId, gpus: entry.gpus });
  };
  const others = jobs.filter((jobId) => {
    const placement = current.get(jobId);
    if (placement === undefined) return true;
    const same = wanted.find(
      ({ vmTypeId, gpus, left }) => left > 0 && vmTypeId === placement.vmTypeId && gpus === placement.gpus,
    );
    if (same === undefined) return true;
    take(jobId, same);
    return false;
  });
  let next = 0;
  for (const entry of wanted) {
    while (entry.left > 0) {
      const jobId = others[next];
      if (jobId === undefined) return choices;
      next += 1;
      take(jobId, entry);
    }
  }
  return choices;
}
