/** Clusters: their configuration, their limits, and how far their history is. */
import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import type { AllocatedNode } from "../domain/allocation.ts";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import { groupBy } from "../domain/group-by.ts";
import type { NodeId } from "../domain/ids.ts";
import { jobId } from "../domain/ids.ts";
import type { ClusterTable, Database } from "./schema.ts";

/** A cluster without its jobs, plans and history. */
export interface ClusterRecord {
  readonly id: string;
  /** As its users configured it. */
  readonly configuration: object;
  readonly configurationVersion: number;
  /** Limits and prices before the first event. */
  readonly initialSettings: ClusterSettings;
  /** Limits and prices after the last event. */
  readonly settings: ClusterSettings;
  readonly createdAtSeconds: number;
  readonly lastSequence: number;
  /** null before the first event. */
  readonly lastAtSeconds: number | null;
  readonly planCount: number;
  /** Revision of the plan in force; null before the first. */
  readonly planRevision: number | null;
  readonly plannerEpoch: number;
  readonly nextJobNumber: number;
  /** Why the last decision failed; null while they succeed. */
  readonly plannerTrouble: string | null;
}

/** Revision of the state with everything that is acknowledged folded in; a plan knows all of it when its revision is at least this. */
export const visibleRevision = ({ lastSequence, planCount }: ClusterRecord): number =>
  lastSequence + planCount;

/** A node as it is kept by itself: who runs on it is kept with the jobs, and `parts` is empty. */
export type StoredNode = AllocatedNode;

/** All clusters of one database. Those that were archived are not found any more; their history stays, and their ids stay taken. */
export interface ClusterStore {
  /** Sorted by id. */
  readonly all: () => Promise<readonly ClusterRecord[]>;
  /** Sorted by id, after an id, at most `limit`; of all, or of those with the ids given. */
  readonly page: (range: {
    readonly among: "*" | readonly string[];
    readonly afterId: string;
    readonly limit: number;
  }) => Promise<readonly ClusterRecord[]>;
  readonly find: (id: string) => Promise<ClusterRecord | undefined>;
  /** Revision of its plan in force, null before the first; undefined where the cluster is not there. */
  readonly planInForce: (id: string) => Promise<number | null | undefined>;
  /** As `find`, and nobody else writes to it until the transaction ends. */
  readonly lock: (id: string) => Promise<ClusterRecord | undefined>;
  /** Whether it was created; false when the id is taken. */
  readonly create: (
    cluster: Pick<ClusterRecord, "id" | "configuration" | "initialSettings" | "createdAtSeconds">,
  ) => Promise<boolean>;
  readonly update: (id: string, change: ClusterChange) => Promise<void>;
  /** Gives it up. */
  readonly archive: (id: string, atSeconds: number) => Promise<void>;
  /** The epoch of a new leader. */
  readonly nextEpoch: (id: string) => Promise<number>;
  /** Nodes that are rented now with who runs on them: all, or those of some ids. */
  readonly nodes: (id: string, nodeIds?: readonly NodeId[]) => Promise<readonly AllocatedNode[]>;
  readonly changeNodes: (
    id: string,
    change: { readonly gone: readonly NodeId[]; readonly set: readonly StoredNode[] },
  ) => Promise<void>;
}

/** What a write may change of a cluster. */
export type ClusterChange = Partial<
  Pick<
    ClusterRecord,
    | "settings"
    | "lastSequence"
    | "lastAtSeconds"
    | "planCount"
    | "planRevision"
    | "nextJobNumber"
    | "plannerTrouble"
  >
> & { readonly configuration?: object };

/** Clusters on a connection or in a transaction. */
export function clusterStore(db: Kysely<Database>): ClusterStore {
  const kept = () => db.selectFrom("clusters").selectAll().where("archived_at_seconds", "is", null);
  const byId = (id: string) => kept().where("id", "=", id);
  return {
    all: async () =>
      (
        await kept()
          .orderBy(sql`id COLLATE "C"`)
          .execute()
      ).map(record),
    page: async ({ among, afterId, limit }) =>
      (
        await kept()
          .where(sql<boolean>`id COLLATE "C" > ${afterId}`)
          .$if(among !== "*", (query) => query.where(sql<boolean>`id = ANY(${among})`))
          .orderBy(sql`id COLLATE "C"`)
          .limit(limit)
          .execute()
      ).map(record),
    find: async (id) => {
      const row = await byId(id).executeTakeFirst();
      return row === undefined ? undefined : record(row);
    },
    planInForce: async (id) => {
      const row = await db
        .selectFrom("clusters")
        .select("plan_revision")
        .where("id", "=", id)
        .where("archived_at_seconds", "is", null)
        .executeTakeFirst();
      return row?.plan_revision;
    },
    lock: async (id) => {
      const row = await byId(id).forUpdate().executeTakeFirst();
      return row === undefined ? undefined : record(row);
    },
    create: async ({ id, configuration, initialSettings, createdAtSeconds }) => {
      const settings = JSON.stringify(initialSettings);
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("clusters")
        .values({
          id,
          configuration: JSON.stringify(configuration),
          initial_settings: settings,
          settings,
          created_at_seconds: createdAtSeconds,
          last_at_seconds: null,
          plan_revision: null,
          planner_trouble: null,
        })
        .onConflict((conflict) => conflict.column("id").doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },
    update: async (id, change) => {
      await db
        .updateTable("clusters")
        .set({
          ...(change.settings === undefined ? {} : { settings: JSON.stringify(change.settings) }),
          ...(change.configuration === undefined
            ? {}
            : {
                configuration: JSON.stringify(change.configuration),
                configuration_version: sql<number>`configuration_version + 1`,
              }),
          ...(change.lastSequence === undefined ? {} : { last_sequence: change.lastSequence }),
          ...(change.lastAtSeconds === undefined ? {} : { last_at_seconds: change.lastAtSeconds }),
          ...(change.planCount === undefined ? {} : { plan_count: change.planCount }),
          ...(change.planRevision === undefined ? {} : { plan_revision: change.planRevision }),
          ...(change.plannerTrouble === undefined ? {} : { planner_trouble: change.plannerTrouble }),
          ...(change.nextJobNumber === undefined ? {} : { next_job_number: change.nextJobNumber }),
        })
        .where("id", "=", id)
        .execute();
    },
    archive: async (id, atSeconds) => {
      await db.updateTable("clusters").set({ archived_at_seconds: atSeconds }).where("id", "=", id).execute();
    },
    nextEpoch: async (id) => {
      const { planner_epoch } = await db
        .updateTable("clusters")
        .set({ planner_epoch: sql<number>`planner_epoch + 1` })
        .where("id", "=", id)
        .returning("planner_epoch")
        .executeTakeFirstOrThrow();
      return planner_epoch;
    },
    nodes: async (id, nodeIds) => {
      let nodes = db.selectFrom("nodes").select(["id", "body"]).where("cluster_id", "=", id);
      let placed = db
        .selectFrom("jobs")
        .select(["id", "node_id", "gpus"])
        .where("cluster_id", "=", id)
        .where("node_id", "is not", null);
      if (nodeIds !== undefined) {
        nodes = nodes.where(sql<boolean>`id = ANY(${nodeIds})`);
        placed = placed.where(sql<boolean>`node_id = ANY(${nodeIds})`);
      }
      const rows = await nodes.execute();
      const parts = groupBy(await placed.orderBy(sql`id COLLATE "C"`).execute(), (row) => row.node_id);
      return rows.map(({ id: nodeId, body }) => ({
        ...body,
        parts: (parts.get(nodeId) ?? []).flatMap((row) =>
          row.gpus === null ? [] : [{ jobId: jobId(row.id), gpus: row.gpus }],
        ),
      }));
    },
    changeNodes: async (id, { gone, set }) => {
      if (gone.length > 0)
        await db
          .deleteFrom("nodes")
          .where("cluster_id", "=", id)
          .where(sql<boolean>`id = ANY(${gone})`)
          .execute();
      if (set.length === 0) return;
      const rows = set.map((node) => ({ id: node.id, vm_type_id: node.vmTypeId, body: node }));
      await sql`
        INSERT INTO nodes (cluster_id, id, vm_type_id, body)
        SELECT ${id}, id, vm_type_id, body
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS fresh (id text, vm_type_id text, body json)
        ON CONFLICT (cluster_id, id) DO UPDATE SET body = excluded.body`.execute(db);
    },
  };
}

const record = (row: Selectable<ClusterTable>): ClusterRecord => ({
  id: row.id,
  configuration: row.configuration,
  configurationVersion: row.configuration_version,
  initialSettings: row.initial_settings,
  settings: row.settings,
  createdAtSeconds: row.created_at_seconds,
  lastSequence: row.last_sequence,
  lastAtSeconds: row.last_at_seconds,
  planCount: row.plan_count,
  planRevision: row.plan_revision,
  plannerEpoch: row.planner_epoch,
  nextJobNumber: row.next_job_number,
  plannerTrouble: row.planner_trouble,
});
