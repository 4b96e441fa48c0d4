/**
 * The store of a service: clusters, their history, and what can be looked up of it, in one PostgreSQL database or its embedded likeness.
 *
 * The history (events and plans) is the truth. Every write to a cluster is one transaction that holds the cluster's row: it appends to the
 * history and brings jobs and nodes up to date, or does nothing at all. So histories have one order, and what was acknowledged is there.
 */
import { Kysely, PostgresDialect, sql } from "kysely";
import type { Pool } from "pg";
import type { StoredApiKeys } from "./api-keys.ts";
import { apiKeyStore } from "./api-keys.ts";
import type { StoredAuditEntries } from "./audit-entries.ts";
import { auditEntryStore } from "./audit-entries.ts";
import type { Change } from "./change-bell.ts";
import { CHANGE_CHANNEL, changeText } from "./change-bell.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { ClusterRecord, ClusterStore } from "./clusters.ts";
import { clusterStore } from "./clusters.ts";
import type { ComparisonStore } from "./comparisons.ts";
import { comparisonStore } from "./comparisons.ts";
import type { DurationTableStore } from "./duration-tables.ts";
import { durationTableStore } from "./duration-tables.ts";
import type { HistoryStore } from "./history.ts";
import { historyStore } from "./history.ts";
import type { HorizonPartStore } from "./horizon-parts.ts";
import { horizonPartStore } from "./horizon-parts.ts";
import type { IdempotencyStore } from "./idempotency.ts";
import { idempotencyStore } from "./idempotency.ts";
import type { JobHistoryStore } from "./job-history.ts";
import { jobHistoryStore } from "./job-history.ts";
import type { JobStore } from "./jobs.ts";
import { jobStore } from "./jobs.ts";
import type { StatementMeasure } from "./measure-statements.ts";
import { statementLogger } from "./measure-statements.ts";
import { migrate } from "./migrations.ts";
import type { NetworkStore } from "./networks.ts";
import { networkStore } from "./networks.ts";
import type { PlanStore } from "./plans.ts";
import { planStore } from "./plans.ts";
import type { Database } from "./schema.ts";
import type { WebhookStore } from "./webhooks.ts";
import { webhookStore } from "./webhooks.ts";
import type { Snapshot } from "./snapshots.ts";
import { keepSnapshot, latestSnapshot } from "./snapshots.ts";

/** What can be read and written, on a connection or in a transaction. */
export interface StoreParts {
  readonly clusters: ClusterStore;
  readonly history: HistoryStore;
  readonly jobs: JobStore;
  readonly networks: NetworkStore;
  readonly jobHistory: JobHistoryStore;
  readonly plans: PlanStore;
  readonly idempotency: IdempotencyStore;
  readonly webhooks: WebhookStore;
  readonly comparisons: ComparisonStore;
  readonly horizonParts: HorizonPartStore;
  readonly apiKeys: StoredApiKeys;
  readonly audit: StoredAuditEntries;
}

/** A cluster that nobody else writes to until the work is done. */
export interface LockedCluster extends StoreParts {
  readonly cluster: ClusterRecord;
  /** Rings once the work is committed. */
  readonly ring: (kind: Change["kind"]) => Promise<void>;
}

/** A write that is to no cluster that is there yet. */
export interface ServiceWrite extends StoreParts, Pick<Store, "write"> {
  /** Rings once the work is committed. */
  readonly ring: (change: Change) => Promise<void>;
}

/** Raised when a cluster is not there. */
export class UnknownCluster extends Error {
  override readonly name = "UnknownCluster";
  readonly clusterId: string;

  constructor(clusterId: string) {
    super(`No cluster has the id ${clusterId}.`);
    this.clusterId = clusterId;
  }
}

/** See the file's header. */
export interface Store extends StoreParts {
  /** One write to a cluster: all of it happens, or nothing. Throws UnknownCluster. */
  readonly write: <Result>(
    clusterId: string,
    work: (locked: LockedCluster) => Promise<Result>,
  ) => Promise<Result>;
  /** One write to no cluster in particular: all of it happens, or nothing; no cluster is locked. */
  readonly writeService: <Result>(work: (parts: ServiceWrite) => Promise<Result>) => Promise<Result>;
  readonly latestSnapshot: (clusterId: string) => Promise<Snapshot | undefined>;
  readonly keepSnapshot: (clusterId: string, snapshot: Snapshot) => Promise<void>;
  /** Rings for everybody. */
  readonly ring: (change: Change) => Promise<void>;
  /** Resolves when the database answers. */
  readonly ping: () => Promise<void>;
  readonly db: Kysely<Database>;
  readonly close: () => Promise<void>;
}

/** Brings the database up to date and opens it. The pool is closed with the store. `onStatement` hears of each statement. */
export async function openStore(
  pool: Pool,
  onStatement?: (measure: StatementMeasure) => void,
): Promise<Store> {
  const log = onStatement === undefined ? {} : { log: statementLogger(onStatement) };
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }), ...log });
  await migrate(db);
  const tables = durationTableStore();
  const ring = async (on: Kysely<Database>, change: Change): Promise<void> => {
    await sql`SELECT pg_notify(${CHANGE_CHANNEL}, ${changeText(change)})`.execute(on);
  };
  const inTransaction = async <Result>(
    work: (parts: StoreParts, tx: Kysely<Database>) => Promise<Result>,
  ): Promise<Result> => {
    const { recording, written } = uncommitted(tables);
    const result = await db.transaction().execute((tx) => work(partsOn(tx, recording), tx));
    tables.areKept(written);
    return result;
  };
  return {
    ...partsOn(db, tables),
    write: (clusterId, work) =>
      inTransaction((parts, tx) => writeOn(parts, clusterId, { work, ring: (change) => ring(tx, change) })),
    writeService: (work) =>
      inTransaction((parts, tx) => {
        const ringOn = (change: Change): Promise<void> => ring(tx, change);
        return work({
          ...parts,
          ring: ringOn,
          write: (clusterId, own) => writeOn(parts, clusterId, { work: own, ring: ringOn }),
        });
      }),
    latestSnapshot: (clusterId) => latestSnapshot(db, clusterId, tables),
    keepSnapshot: (clusterId, snapshot) => keepSnapshot(db, clusterId, { snapshot, tables }),
    ring: (change) => ring(db, change),
    ping: async () => {
      await sql`SELECT 1`.execute(db);
    },
    db,
    close: () => db.destroy(),
  };
}

async function writeOn<Result>(
  parts: StoreParts,
  clusterId: string,
  args: {
    readonly work: (locked: LockedCluster) => Promise<Result>;
    readonly ring: (change: Change) => Promise<void>;
  },
): Promise<Result> {
  const cluster = await parts.clusters.lock(clusterId);
  if (cluster === undefined) throw new UnknownCluster(clusterId);
  return args.work({ ...parts, cluster, ring: (kind) => args.ring({ kind, clusterId }) });
}

/** Tables of a transaction: those that it wrote are nobody's knowledge until it is committed, also where it reads them back. */
function uncommitted(tables: DurationTableStore): {
  readonly recording: DurationTableStore;
  readonly written: ReadonlyMap<string, DurationTable>;
} {
  const written = new Map<string, DurationTable>();
  const recording: DurationTableStore = {
    ...tables,
    load: async (on, ids) => {
      const wanted = [...new Set(ids)];
      const own = wanted.flatMap((id): readonly [string, DurationTable][] => {
        const unit = written.get(id);
        return unit === undefined ? [] : [[id, unit]];
      });
      const others = await tables.load(
        on,
        wanted.filter((id) => !written.has(id)),
      );
      return new Map([...others, ...own]);
    },
    keep: async (on, units) => {
      await tables.keep(on, units);
      for (const [id, unit] of units) written.set(id, unit);
    },
  };
  return { recording, written };
}

const partsOn = (db: Kysely<Database>, tables: DurationTableStore): StoreParts => ({
  clusters: clusterStore(db),
  history: historyStore(db, tables),
  jobs: jobStore(db, tables),
  networks: networkStore(db),
  jobHistory: jobHistoryStore(db),
  plans: planStore(db),
  idempotency: idempotencyStore(db),
  webhooks: webhookStore(db),
  comparisons: comparisonStore(db),
  horizonParts: horizonPartStore(db),
  apiKeys: apiKeyStore(db),
  audit: auditEntryStore(db),
});
