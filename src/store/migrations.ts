/** The tables, one migration for each change that was ever released. */
import type { Kysely, Migration, MigrationProvider } from "kysely";
import { Migrator, sql } from "kysely";
import type { Database } from "./schema.ts";

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-clusters-events-jobs-plans": {
    up: async (db: Kysely<unknown>) => {
      for (const statement of FIRST) await sql.raw(statement).execute(db);
    },
  },
  "0002-archived-clusters": {
    up: async (db: Kysely<unknown>) => {
      await sql.raw("ALTER TABLE clusters ADD COLUMN archived_at_seconds double precision").execute(db);
    },
  },
  "0003-previous-webhook-secrets": {
    up: async (db: Kysely<unknown>) => {
      await sql
        .raw("ALTER TABLE webhooks ADD COLUMN previous_secrets json NOT NULL DEFAULT '[]'")
        .execute(db);
    },
  },
  "0004-horizon-parts": {
    up: async (db: Kysely<unknown>) => {
      await sql.raw(HORIZON_PARTS).execute(db);
    },
  },
  "0005-campaigns": {
    up: async (db: Kysely<unknown>) => {
      await sql.raw("ALTER TABLE comparisons ADD COLUMN kind text NOT NULL DEFAULT 'variants'").execute(db);
      await sql.raw("ALTER TABLE horizon_parts ADD COLUMN kind text NOT NULL DEFAULT 'horizon'").execute(db);
    },
  },
  "0006-inline-networks": {
    up: async (db: Kysely<unknown>) => {
      await sql.raw("CREATE TABLE networks (id text PRIMARY KEY, body json NOT NULL)").execute(db);
    },
  },
};

const FIRST = [
  `CREATE TABLE clusters (
     id text PRIMARY KEY,
     configuration json NOT NULL,
     initial_settings json NOT NULL,
     settings json NOT NULL,
     created_at_seconds double precision NOT NULL,
     last_sequence bigint NOT NULL DEFAULT 0,
     last_at_seconds double precision,
     plan_count bigint NOT NULL DEFAULT 0,
     plan_revision bigint,
     planner_epoch bigint NOT NULL DEFAULT 0,
     next_job_number bigint NOT NULL DEFAULT 1,
     planner_trouble text,
     configuration_version bigint NOT NULL DEFAULT 1)`,
  `CREATE TABLE events (
     cluster_id text NOT NULL REFERENCES clusters (id),
     sequence bigint NOT NULL,
     kind text NOT NULL,
     at_seconds double precision NOT NULL,
     body json NOT NULL,
     principal text,
     request_id text,
     PRIMARY KEY (cluster_id, sequence))`,
  `CREATE TABLE duration_tables (id text PRIMARY KEY, body json NOT NULL)`,
  `CREATE TABLE jobs (
     cluster_id text NOT NULL REFERENCES clusters (id),
     id text NOT NULL,
     number bigint NOT NULL,
     status text NOT NULL,
     submitted_at_seconds double precision NOT NULL,
     due_at_seconds double precision NOT NULL,
     network text NOT NULL,
     framework text NOT NULL,
     request json NOT NULL,
     job json NOT NULL,
     course json NOT NULL,
     as_of_seconds double precision NOT NULL,
     node_id text,
     gpus integer,
     version bigint NOT NULL,
     ended_at_seconds double precision,
     PRIMARY KEY (cluster_id, id))`,
  `CREATE UNIQUE INDEX jobs_by_number ON jobs (cluster_id, number)`,
  `CREATE INDEX jobs_by_status ON jobs (cluster_id, status, number)`,
  `CREATE INDEX jobs_by_node ON jobs (cluster_id, node_id) WHERE node_id IS NOT NULL`,
  `CREATE TABLE job_history (
     entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     cluster_id text NOT NULL,
     job_id text NOT NULL,
     at_seconds double precision NOT NULL,
     kind text NOT NULL,
     reason text NOT NULL,
     principal text,
     plan_revision bigint)`,
  `CREATE INDEX job_history_by_job ON job_history (cluster_id, job_id, entry)`,
  `CREATE TABLE nodes (
     cluster_id text NOT NULL REFERENCES clusters (id),
     id text NOT NULL,
     vm_type_id text NOT NULL,
     body json NOT NULL,
     PRIMARY KEY (cluster_id, id))`,
  `CREATE TABLE plans (
     cluster_id text NOT NULL REFERENCES clusters (id),
     revision bigint NOT NULL,
     number bigint NOT NULL,
     after_sequence bigint NOT NULL,
     decided_at_seconds double precision NOT NULL,
     delta json NOT NULL,
     summary json NOT NULL,
     body json,
     PRIMARY KEY (cluster_id, revision),
     UNIQUE (cluster_id, number))`,
  `CREATE TABLE commands (
     cluster_id text NOT NULL,
     revision bigint NOT NULL,
     number integer NOT NULL,
     body json NOT NULL,
     status text NOT NULL,
     settled_at_seconds double precision,
     note text,
     PRIMARY KEY (cluster_id, revision, number))`,
  `CREATE TABLE snapshots (
     cluster_id text NOT NULL REFERENCES clusters (id),
     revision bigint NOT NULL,
     piece integer NOT NULL,
     after_sequence bigint NOT NULL,
     plan_number bigint NOT NULL,
     body json NOT NULL,
     PRIMARY KEY (cluster_id, revision, piece))`,
  `CREATE TABLE idempotency_keys (
     cluster_id text NOT NULL,
     principal text NOT NULL,
     key text NOT NULL,
     request_hash text NOT NULL,
     status integer NOT NULL,
     answer json NOT NULL,
     created_at_seconds double precision NOT NULL,
     PRIMARY KEY (cluster_id, principal, key))`,
  `CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at_seconds)`,
  `CREATE TABLE api_keys (
     id text PRIMARY KEY,
     name text NOT NULL,
     hash text NOT NULL,
     "grant" json NOT NULL,
     created_at_seconds double precision NOT NULL,
     expires_at_seconds double precision,
     revoked_at_seconds double precision,
     last_used_at_seconds double precision)`,
  `CREATE TABLE audit_entries (
     entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     at_seconds double precision NOT NULL,
     principal text,
     cluster_id text,
     body json NOT NULL)`,
  `CREATE INDEX audit_entries_by_time ON audit_entries (at_seconds)`,
  `CREATE TABLE webhooks (
     cluster_id text NOT NULL REFERENCES clusters (id),
     id text NOT NULL,
     url text NOT NULL,
     secret text NOT NULL,
     created_at_seconds double precision NOT NULL,
     queued_revision bigint NOT NULL,
     last_outcome text,
     last_tried_at_seconds double precision,
     PRIMARY KEY (cluster_id, id))`,
  `CREATE TABLE comparisons (
     cluster_id text NOT NULL REFERENCES clusters (id),
     id text NOT NULL,
     status text NOT NULL,
     request json NOT NULL,
     input json NOT NULL,
     created_at_seconds double precision NOT NULL,
     finished_at_seconds double precision,
     progress double precision NOT NULL,
     result json,
     failure text,
     PRIMARY KEY (cluster_id, id))`,
];

/** Its name comes after that of the table it refers to, since an import fills tables in that order. */
const HORIZON_PARTS = `CREATE TABLE horizon_parts (
  id text PRIMARY KEY,
  cluster_id text NOT NULL,
  comparison_id text NOT NULL,
  digest text NOT NULL,
  status text NOT NULL,
  progress double precision NOT NULL,
  input text NOT NULL,
  result text,
  failure text,
  UNIQUE (cluster_id, comparison_id, digest),
  FOREIGN KEY (cluster_id, comparison_id) REFERENCES comparisons (cluster_id, id) ON DELETE CASCADE)`;

/** Brings a database up to date; several processes may do so at once. Throws the first migration's error; nothing of a failed one stays. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const provider: MigrationProvider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  throw error instanceof Error
    ? error
    : new Error(`The database could not be brought up to date: ${JSON.stringify(error)}`);
}
