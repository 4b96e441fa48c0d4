/** Tells what was taken into histories: each event once, after the write that took it in is committed. */
import type { ClusterEvent } from "../../domain/event.ts";
import type { JobId } from "../../domain/ids.ts";
import type { JobRecord } from "../../store/jobs.ts";
import type { LockedCluster, Store } from "../../store/store.ts";

/** What one write took into a cluster's history. */
export interface TakenIn {
  readonly clusterId: string;
  readonly kinds: readonly ClusterEvent["kind"][];
  /** Tardiness costs of the jobs that completed. */
  readonly tardinessCostUsd: number;
}

/** The same store, whose writes of events are told. */
export function meteredStore<SomeStore extends Pick<Store, "write">>(
  store: SomeStore,
  onTaken: (taken: TakenIn) => void,
): SomeStore {
  return {
    ...store,
    write: async (clusterId, work) => {
      const tally = new Tally();
      const result = await store.write(clusterId, (locked) => work(tally.watching(locked)));
      if (tally.kinds.length > 0)
        onTaken({ clusterId, kinds: tally.kinds, tardinessCostUsd: tally.tardinessCostUsd });
      return result;
    },
  };
}

class Tally {
  readonly kinds: ClusterEvent["kind"][] = [];
  readonly #completed = new Set<JobId>();
  tardinessCostUsd = 0;

  watching(locked: LockedCluster): LockedCluster {
    return {
      ...locked,
      history: {
        ...locked.history,
        append: async (clusterId, sequenced, cause) => {
          await locked.history.append(clusterId, sequenced, cause);
          this.#took(sequenced.event);
        },
      },
      jobs: {
        ...locked.jobs,
        update: async (clusterId, records) => {
          await locked.jobs.update(clusterId, records);
          for (const { state } of records) this.#changed(state);
        },
      },
    };
  }

  #took(event: ClusterEvent): void {
    this.kinds.push(event.kind);
    if (event.kind === "job-completed") this.#completed.add(event.jobId);
  }

  /** A job's row changes after its event is in the history. */
  #changed({ id, status }: JobRecord["state"]): void {
    if (status.kind === "completed" && this.#completed.delete(id))
      this.tardinessCostUsd += status.tardinessCostUsd;
  }
}
