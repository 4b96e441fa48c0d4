/** Two API processes and two workers on one PostgreSQL; one of each is killed while clients are at work. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyClient } from "../campaign/busy-client.ts";
import { scenarioText } from "../campaign/campaign-scenario.ts";
import type { ServiceProcess } from "../campaign/service-process.ts";
import { serviceProcess } from "../campaign/service-process.ts";
import { checkHistory } from "../service/audit-history.ts";
import { connectPool } from "../../src/store/connect.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import type { PostgresServer } from "../support/postgres-server.ts";
import { isPostgresAvailable, startPostgres } from "../support/postgres-server.ts";
import type { Pool } from "pg";

const TIMEOUT_MILLISECONDS = 600_000;
const POLL_MILLISECONDS = 20;
const CONNECTIONS = 3;
/** First key of the advisory locks of leaders (planner-host.ts). */
const LEADER_LOCK_SPACE = 0x6265_7274;

describe.skipIf(!isPostgresAvailable())("replicas (needs PostgreSQL on this machine)", () => {
  let directory = "";
  let postgres: PostgresServer;
  let pool: Pool;
  let store: Store;
  let processes: readonly ServiceProcess[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "berth-replicas-"));
    const scenario = join(directory, "scenario.json");
    writeFileSync(scenario, scenarioText({ maxNodes: 12 }));
    postgres = await startPostgres({ durable: true });
    const place = (name: string, role: string): Promise<ServiceProcess> =>
      serviceProcess(name, {
        DATABASE_URL: postgres.url,
        BERTH_SCENARIO: scenario,
        BERTH_ROLES: role,
        PGAPPNAME: name,
      });
    processes = await Promise.all([
      place("api-1", "api"),
      place("api-2", "api"),
      place("worker-1", "worker"),
      place("worker-2", "worker"),
    ]);
    // All at once: of those that find the store empty, one makes the first cluster.
    await Promise.all(processes.map((process) => process.start()));
    pool = connectPool({ kind: "postgres", url: postgres.url }, CONNECTIONS, () => undefined);
    store = await openStore(pool);
  }, TIMEOUT_MILLISECONDS);

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.kill()));
    await store.close();
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }, TIMEOUT_MILLISECONDS);

  it(
    "take over from each other, and lose and repeat nothing",
    async () => {
      const apis = processes.filter(({ name }) => name.startsWith("api"));
      const clients = [1, 2, 3].map((seed) =>
        busyClient({ urls: apis.map(({ url }) => url), seed, onAcknowledged: () => undefined }),
      );
      await plansAfter(await planCount());
      const first = await leader();
      const epoch = (await cluster()).plannerEpoch;
      const struckAt = performance.now();
      await placeOf(first).kill();
      await placeOf("api-1").kill();
      const plansAtDeath = await planCount();
      await plansAfter(plansAtDeath);
      const tookSeconds = (performance.now() - struckAt) / 1000;
      const second = await leader();
      expect(second).not.toBe(first);
      expect(second).toMatch(/^worker/);
      expect((await cluster()).plannerEpoch).toBe(epoch + 1);

      // The API that is left takes what both took, the client's repetitions included.
      const before = clients.flatMap(({ acknowledged }) => acknowledged).length;
      await until(() =>
        Promise.resolve(clients.flatMap(({ acknowledged }) => acknowledged).length > before + 10),
      );
      await placeOf("api-1").start();
      await Promise.all(clients.map((client) => client.stop()));
      await until(async () => {
        const { lastSequence, planCount: plans, planRevision } = await cluster();
        return planRevision === lastSequence + plans - 1;
      });
      // The rest ends in order, so that nobody writes while the history is read.
      await Promise.all(processes.map((process) => process.stop()));
      const audit = await checkHistory(
        store,
        clients.flatMap(({ acknowledged }) => acknowledged),
      );
      expect(audit).toMatchObject({ lost: [], twice: [], infeasible: [], contradictions: [] });
      expect(clients.flatMap(({ surprises }) => surprises)).toEqual([]);
      console.log(
        `${second} took over from ${first}: the next plan ${tookSeconds.toFixed(1)} s after the kill; ` +
          `${audit.eventCount} events, ${audit.planCount} plans, ${audit.jobCount} jobs`,
      );
    },
    TIMEOUT_MILLISECONDS,
  );

  const placeOf = (name: string): ServiceProcess => {
    const found = processes.find((process) => process.name === name);
    if (found === undefined) throw new Error(`No process is called ${name}`);
    return found;
  };
  const cluster = async () => {
    const found = await store.clusters.find("default");
    if (found === undefined) throw new Error("The default cluster is gone");
    return found;
  };
  const planCount = async (): Promise<number> => (await cluster()).planCount;
  const plansAfter = (count: number): Promise<void> => until(async () => (await planCount()) > count);
  /** Who holds the lock of the default cluster. */
  const leader = async (): Promise<string> => {
    let name = "";
    await until(async () => {
      const { rows } = await pool.query<{ readonly name: string }>(
        `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE locktype = 'advisory' AND granted AND classid::bigint = $1
           AND objid::bigint = (hashtext('default')::bigint & 4294967295)`,
        [LEADER_LOCK_SPACE],
      );
      name = rows[0]?.name ?? "";
      return name !== "";
    });
    return name;
  };
});

/** The test's own time limit ends it. */
async function until(isIt: () => Promise<boolean>): Promise<void> {
  while (!(await isIt())) await wait(POLL_MILLISECONDS);
}
