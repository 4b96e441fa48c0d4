/**
 * What PostgreSQL's background processes would do. The engine has none of them: without this the write-ahead log is
 * never recycled and dead rows are never removed.
 */
import { firstColumn } from "./backend-message.ts";
import type { Engine } from "./engine.ts";
import type { SessionTurns, TurnTaker } from "./session-turns.ts";

/** Bounds what a restart must replay, and what the log takes on disk. */
const CHECKPOINT_AFTER_BYTES = 64 * 2 ** 20;
/** PostgreSQL's own defaults: a table is vacuumed when so many rows, and that share of its rows, are dead or changed. */
const DEAD_ROWS_FLOOR = 50;
const DEAD_ROWS_SHARE = 0.2;
const CHANGED_ROWS_SHARE = 0.1;
const PERIOD_SECONDS = 10;
/** A tenth of PostgreSQL's: everybody waits while rows are sampled, and a few thousand say enough. */
const STATISTICS_TARGET = 10;

const TABLES_IN_NEED = `
  SELECT format('%I.%I', stats.schemaname, stats.relname)
  FROM pg_stat_all_tables AS stats JOIN pg_class ON pg_class.oid = stats.relid
  WHERE pg_class.relpersistence <> 't'
    AND (stats.n_dead_tup > ${DEAD_ROWS_FLOOR} + ${DEAD_ROWS_SHARE} * greatest(pg_class.reltuples, 0)
      OR stats.n_mod_since_analyze > ${DEAD_ROWS_FLOOR} + ${CHANGED_ROWS_SHARE} * greatest(pg_class.reltuples, 0))
  ORDER BY stats.n_dead_tup DESC, stats.relid`;

/** Checkpoints and vacuums, one table in each turn so that no client waits for more than that. */
export class Maintenance implements TurnTaker {
  readonly #engine: Engine;
  readonly #turns: SessionTurns;
  readonly #timer: NodeJS.Timeout;
  #tables: readonly string[] = [];
  #lastLogPosition: bigint | null = null;
  #checkpointPosition: bigint | null = null;

  constructor(engine: Engine, turns: SessionTurns) {
    this.#engine = engine;
    this.#turns = turns;
    this.#timer = setInterval(() => {
      turns.request(this);
    }, PERIOD_SECONDS * 1000);
  }

  async takeTurn(): Promise<"free"> {
    const [table, ...others] = this.#tables;
    if (table === undefined) {
      await this.#look();
    } else {
      this.#tables = others;
      await this.#vacuum(table);
    }
    if (this.#tables.length > 0) this.#turns.request(this);
    return "free";
  }

  /** Starts no further work. */
  stop(): void {
    clearInterval(this.#timer);
    this.#tables = [];
  }

  /** The table may have been dropped since it was found. */
  async #vacuum(table: string): Promise<void> {
    const name = `'${table.replaceAll("'", "''")}'`;
    const [there] = firstColumn(await this.#engine.execute(`SELECT to_regclass(${name}) IS NOT NULL`));
    if (there !== "t") return;
    await this.#engine.execute(`SET default_statistics_target = ${STATISTICS_TARGET}`);
    await this.#engine.execute(`VACUUM (ANALYZE) ${table}`);
    await this.#engine.execute("RESET default_statistics_target");
  }

  async #look(): Promise<void> {
    const [position = 0n] = firstColumn(
      await this.#engine.execute("SELECT (pg_current_wal_insert_lsn() - '0/0')::text"),
    ).map(BigInt);
    this.#checkpointPosition ??= position;
    if (position - this.#checkpointPosition >= CHECKPOINT_AFTER_BYTES) {
      await this.#engine.execute("CHECKPOINT");
      this.#checkpointPosition = position;
    }
    if (position === this.#lastLogPosition) return;
    this.#lastLogPosition = position;
    this.#tables = firstColumn(await this.#engine.execute(TABLES_IN_NEED));
  }
}
