/** Plans that were enacted, and the commands that follow from them. */
import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import type { Command } from "../domain/plan.ts";
import type { PlanRecord } from "./plan-record.ts";
import type { CommandStatus, Database, PlanTable } from "./schema.ts";

/** A command with how far it is. */
export interface CommandRecord {
  readonly revision: number;
  /** Place among the commands of its plan: 1, 2, 3, … */
  readonly number: number;
  readonly command: Command;
  readonly status: CommandStatus;
  readonly settledAtSeconds: number | null;
  readonly note: string | null;
}

/** Plans of all clusters of one database. */
export interface PlanStore {
  readonly insert: (clusterId: string, record: PlanRecord) => Promise<void>;
  readonly ofRevision: (clusterId: string, revision: number) => Promise<PlanRecord | undefined>;
  /** A plan as it is shown, as JSON text; undefined where it is not there or was pruned. */
  readonly bodyText: (clusterId: string, revision: number) => Promise<string | undefined>;
  /** Plans after a revision, in order, at most `limit`. */
  readonly after: (clusterId: string, revision: number, limit: number) => Promise<readonly PlanRecord[]>;
  /** Revisions of the plans after a revision, in order, at most `limit`. */
  readonly revisionsAfter: (clusterId: string, revision: number, limit: number) => Promise<readonly number[]>;
  /** Latest first, at most `limit`, before a revision. */
  readonly before: (clusterId: string, revision: number, limit: number) => Promise<readonly PlanRecord[]>;
  readonly commands: (clusterId: string, revision: number) => Promise<readonly CommandRecord[]>;
  readonly settle: (
    clusterId: string,
    settled: Pick<CommandRecord, "revision" | "number" | "status" | "settledAtSeconds" | "note">,
  ) => Promise<void>;
  /** Drops the bodies of all but the latest `keep` plans; what the history needs of them stays. Says how many were dropped. */
  readonly pruneBodies: (clusterId: string, keep: number) => Promise<number>;
}

/** Plans on a connection or in a transaction. */
export function planStore(db: Kysely<Database>): PlanStore {
  const commands = async (clusterId: string, revision: number): Promise<readonly CommandRecord[]> => {
    const rows = await db
      .selectFrom("commands")
      .selectAll()
      .where("cluster_id", "=", clusterId)
      .where("revision", "=", revision)
      .orderBy("number")
      .execute();
    return rows.map((row) => ({
      revision: row.revision,
      number: row.number,
      command: row.body,
      status: row.status,
      settledAtSeconds: row.settled_at_seconds,
      note: row.note,
    }));
  };
  const record = async (row: Selectable<PlanTable>): Promise<PlanRecord> => ({
    plan: row.summary,
    body: row.body,
    number: row.number,
    afterSequence: row.after_sequence,
    delta: row.delta,
    commands: (await commands(row.cluster_id, row.revision)).map(({ command }) => command),
  });
  const ofCluster = (clusterId: string) =>
    db.selectFrom("plans").selectAll().where("cluster_id", "=", clusterId);
  return {
    insert: async (clusterId, { plan, body, number, afterSequence, delta, commands: toDo }) => {
      await db
        .insertInto("plans")
        .values({
          cluster_id: clusterId,
          revision: plan.revision,
          number,
          after_sequence: afterSequence,
          decided_at_seconds: plan.decidedAtSeconds,
          delta: JSON.stringify(delta),
          summary: JSON.stringify(plan),
          body: body === null ? null : JSON.stringify(body),
        })
        .execute();
      if (toDo.length === 0) return;
      const rows = toDo.map((command, index) => ({ number: index + 1, body: command }));
      await sql`
        INSERT INTO commands (cluster_id, revision, number, body, status)
        SELECT ${clusterId}, ${plan.revision}::bigint, number, body, 'pending'
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS fresh (number integer, body json)`.execute(
        db,
      );
    },
    ofRevision: async (clusterId, revision) => {
      const row = await ofCluster(clusterId).where("revision", "=", revision).executeTakeFirst();
      return row === undefined ? undefined : record(row);
    },
    bodyText: async (clusterId, revision) => {
      const row = await db
        .selectFrom("plans")
        .select(sql<string | null>`body::text`.as("text"))
        .where("cluster_id", "=", clusterId)
        .where("revision", "=", revision)
        .executeTakeFirst();
      return row?.text ?? undefined;
    },
    after: async (clusterId, revision, limit) => {
      const rows = await ofCluster(clusterId)
        .where("revision", ">", revision)
        .orderBy("revision")
        .limit(limit)
        .execute();
      return Promise.all(rows.map(record));
    },
    revisionsAfter: async (clusterId, revision, limit) => {
      const rows = await db
        .selectFrom("plans")
        .select("revision")
        .where("cluster_id", "=", clusterId)
        .where("revision", ">", revision)
        .orderBy("revision")
        .limit(limit)
        .execute();
      return rows.map((row) => row.revision);
    },
    before: async (clusterId, revision, limit) => {
      const rows = await ofCluster(clusterId)
        .where("revision", "<", revision)
        .orderBy("revision", "desc")
        .limit(limit)
        .execute();
      return Promise.all(rows.map(record));
    },
    commands,
    settle: async (clusterId, { revision, number, status, settledAtSeconds, note }) => {
      await db
        .updateTable("commands")
        .set({ status, settled_at_seconds: settledAtSeconds, note })
        .where("cluster_id", "=", clusterId)
        .where("revision", "=", revision)
        .where("number", "=", number)
        .execute();
    },
    pruneBodies: async (clusterId, keep) => {
      const { numUpdatedRows } = await db
        .updateTable("plans")
        .set({ body: null })
        .where("cluster_id", "=", clusterId)
        .where("body", "is not", null)
        .where("number", "<=", (from) =>
          from
            .selectFrom("clusters")
            .select(sql<number>`plan_count - ${keep}::bigint`.as("number"))
            .where("id", "=", clusterId),
        )
        .executeTakeFirst();
      return Number(numUpdatedRows);
    },
  };
}
