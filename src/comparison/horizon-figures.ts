/** What a simulated horizon comes to, for the whole and for each job. A node's rent is shared by its jobs in proportion to their GPUs, as cost.ts says. */
import type { JobId, NodeId, VmTypeId } from "../domain/ids.ts";
import { compareIds } from "../domain/ids.ts";
import { shareOfRentUsd } from "../domain/cost.ts";
import { groupBy } from "../domain/group-by.ts";
import { secondsToHours } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { History, JobInterval, JobOutcome, NodeInterval } from "../simulator/history.ts";
import type { PlacedOn } from "./changed-data.ts";
import type { HorizonRun } from "./horizon-run.ts";

/** Use of one VM type over a horizon. */
export interface VmTypeUse {
  readonly vmTypeId: VmTypeId;
  readonly nodeHours: number;
  /** Nodes at once at most. */
  readonly mostNodes: number;
}

/** One job over a horizon. */
export interface JobOverHorizon {
  readonly outcome: JobOutcome;
  /** Where it ran longest; null when it never ran. */
  readonly mostly: PlacedOn | null;
  /** Different configurations that it ran in. */
  readonly configurationCount: number;
  /** Its shares of the rent of its nodes. */
  readonly rentUsd: number;
  /** Rent and tardiness. */
  readonly costUsd: number;
}

/** Figures of a horizon. */
export interface HorizonFigures {
  /** Sorted by VM type id. */
  readonly useByVmType: readonly VmTypeUse[];
  readonly jobs: ReadonlyMap<JobId, JobOverHorizon>;
}

/** Figures of a run under these VM types. */
export function horizonFigures({ history }: HorizonRun, vmTypes: readonly VmType[]): HorizonFigures {
  const rents = rentByJob(history, vmTypes);
  const runs = groupBy(history.runs, (run) => run.jobId);
  const nodes = groupBy(history.nodes, (node) => node.vmTypeId);
  return {
    useByVmType: [...nodes.keys()].sort(compareIds).map((vmTypeId) => {
      const own = nodes.get(vmTypeId) ?? [];
      return {
        vmTypeId,
        nodeHours: secondsToHours(own.reduce((total, node) => total + lengthOf(node), 0)),
        mostNodes: mostAtOnce(own, () => 1),
      };
    }),
    jobs: new Map(
      history.jobs.map((outcome): [JobId, JobOverHorizon] => {
        const rentUsd = rents.get(outcome.jobId) ?? 0;
        return [
          outcome.jobId,
          {
            outcome,
            ...longest(runs.get(outcome.jobId) ?? []),
            rentUsd,
            costUsd: rentUsd + outcome.tardinessCostUsd,
          },
        ];
      }),
    ),
  };
}

const lengthOf = ({
  fromSeconds,
  toSeconds,
}: {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}): number => toSeconds - fromSeconds;

function longest(runs: readonly JobInterval[]): Pick<JobOverHorizon, "mostly" | "configurationCount"> {
  const byPlace = groupBy(runs, ({ vmTypeId, gpus }) => `${vmTypeId} ${gpus}`);
  let mostly: PlacedOn | null = null;
  let most = -Infinity;
  for (const own of byPlace.values()) {
    const seconds = own.reduce((total, run) => total + lengthOf(run), 0);
    const [place] = own;
    if (place === undefined || seconds <= most) continue;
    most = seconds;
    mostly = { vmTypeId: place.vmTypeId, gpus: place.gpus };
  }
  return { mostly, configurationCount: byPlace.size };
}

/** The most that nodes count at once. Ends count before beginnings at the same moment. */
export function mostAtOnce(nodes: readonly NodeInterval[], weightOf: (vmTypeId: VmTypeId) => number): number {
  const steps = nodes
    .flatMap(({ vmTypeId, fromSeconds, toSeconds }) => [
      { atSeconds: fromSeconds, change: weightOf(vmTypeId) },
      { atSeconds: toSeconds, change: -weightOf(vmTypeId) },
    ])
    .sort((a, b) => a.atSeconds - b.atSeconds || a.change - b.change);
  let count = 0;
  return steps.reduce((most, { change }) => Math.max(most, (count += change)), 0);
}

function rentByJob(history: History, vmTypes: readonly VmType[]): ReadonlyMap<JobId, number> {
  const prices = new Map(vmTypes.map((vmType) => [vmType.id, vmType.pricePerHourUsd]));
  const rents = new Map<JobId, number>();
  for (const runs of groupBy(history.runs, (run): NodeId => run.nodeId).values()) {
    for (const { run, durationSeconds, gpusInUse } of segments(runs)) {
      const pricePerHourUsd = prices.get(run.vmTypeId);
      if (pricePerHourUsd === undefined)
        throw new Error(`${run.jobId} ran on unknown VM type ${run.vmTypeId}`);
      const share = shareOfRentUsd({ pricePerHourUsd, durationSeconds, gpus: run.gpus, gpusInUse });
      rents.set(run.jobId, (rents.get(run.jobId) ?? 0) + share);
    }
  }
  return rents;
}

interface Segment {
  readonly run: JobInterval;
  readonly durationSeconds: number;
  readonly gpusInUse: number;
}

/** The runs of one node cut where any of them begins or ends. */
function segments(runs: readonly JobInterval[]): readonly Segment[] {
  const times = [...new Set(runs.flatMap((run) => [run.fromSeconds, run.toSeconds]))].sort((a, b) => a - b);
  const upcoming = [...runs].sort((a, b) => a.fromSeconds - b.fromSeconds);
  let next = 0;
  let active: JobInterval[] = [];
  return times.flatMap((from, index) => {
    active = active.filter((run) => run.toSeconds > from);
    for (let run = upcoming[next]; run !== undefined && run.fromSeconds <= from; run = upcoming[next]) {
      if (run.toSeconds > from) active.push(run);
      next += 1;
    }
    const durationSeconds = (times[index + 1] ?? from) - from;
    const gpusInUse = active.reduce((total, run) => total + run.gpus, 0);
    return active.map((run) => ({ run, durationSeconds, gpusInUse }));
  });
}
