/** The state of one cluster as its planner knows it: the fold of the history up to the last event that was read. */
import type { ClusterState } from "../../domain/cluster-state.ts";
import { emptyCluster } from "../../domain/cluster-state.ts";
import { observeAll } from "../../planner/observe.ts";
import { replayStep } from "../../planner/replay.ts";
import type { SequencedEvent } from "../../store/history.ts";
import type { StoreParts } from "../../store/store.ts";
import type { Snapshot } from "../../store/snapshots.ts";
import { UnknownCluster } from "../../store/store.ts";

/** Steps of a history that are read at once. */
const STEPS_PER_PAGE = 1000;

/** A state and its place in the history. */
export interface FoldedState {
  readonly state: ClusterState;
  /** Last event folded in. */
  readonly sequence: number;
  /** Number of the last plan folded in. */
  readonly planNumber: number;
}

/** What reading a history takes. */
export type HistorySource = Pick<StoreParts, "clusters" | "history">;

/** Everything after a snapshot, or from the beginning: the state after the last plan on the events that it knew, and the events since. */
export async function foldHistory(
  source: HistorySource,
  clusterId: string,
  snapshot: Snapshot | undefined,
): Promise<{ readonly folded: FoldedState; readonly pending: readonly SequencedEvent[] }> {
  let folded = await startOf(source, clusterId, snapshot);
  let queue: readonly SequencedEvent[] = [];
  let lastRead = folded.sequence;
  const readEvents = async (): Promise<boolean> => {
    const page = await source.history.events(clusterId, lastRead, STEPS_PER_PAGE);
    queue = [...queue, ...page];
    lastRead = page.at(-1)?.sequence ?? lastRead;
    return page.length > 0;
  };
  for (;;) {
    const plans = await source.history.planSteps(clusterId, folded.planNumber, STEPS_PER_PAGE);
    for (const plan of plans) {
      while (lastRead < plan.afterSequence && (await readEvents()));
      const known = queue.filter(({ sequence }) => sequence <= plan.afterSequence);
      queue = queue.slice(known.length);
      const observed = foldEvents(folded, known);
      if (observed.sequence !== plan.afterSequence || observed.state.revision !== plan.revision) {
        throw new Error(
          `Plan ${plan.revision} of cluster ${clusterId} does not fit its history: ` +
            `the state is at revision ${observed.state.revision} after event ${observed.sequence}`,
        );
      }
      folded = {
        state: replayStep(observed.state, { kind: "plan", delta: plan.delta }),
        sequence: plan.afterSequence,
        planNumber: plan.number,
      };
    }
    if (plans.length < STEPS_PER_PAGE) break;
  }
  while (await readEvents());
  return { folded, pending: queue };
}

/** Applies events in order. */
export function foldEvents(folded: FoldedState, events: readonly SequencedEvent[]): FoldedState {
  return {
    ...folded,
    state: observeAll(
      folded.state,
      events.map(({ event }) => event),
    ),
    sequence: events.at(-1)?.sequence ?? folded.sequence,
  };
}

async function startOf(
  { clusters }: HistorySource,
  clusterId: string,
  snapshot: Snapshot | undefined,
): Promise<FoldedState> {
  if (snapshot !== undefined)
    return {
      state: snapshot.state,
      sequence: snapshot.afterSequence,
      planNumber: snapshot.planNumber,
    };
  const cluster = await clusters.find(clusterId);
  if (cluster === undefined) throw new UnknownCluster(clusterId);
  return { state: emptyCluster(cluster.initialSettings), sequence: 0, planNumber: 0 };
}
