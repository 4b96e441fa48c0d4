/**
 * Rounds of faults while clients are at work: a process is killed, or the database, at a moment that the seed draws or in the middle of a decision;
 * everything starts again and must still know what it has acknowledged. In the end the whole history is audited.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { Random } from "../../src/domain/seeded-random.ts";
import { pick, seededRandom, uniform } from "../../src/domain/seeded-random.ts";
import type { DatabaseAddress } from "../../src/store/connect.ts";
import { connectPool } from "../../src/store/connect.ts";
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";
import { openStore } from "../../src/store/store.ts";
import type { HistoryAudit } from "../service/audit-history.ts";
import { checkHistory } from "../service/audit-history.ts";
import type { Acknowledged } from "../service/audit-promises.ts";
import { copyDataDirectory } from "../support/database-template.ts";
import type { PostgresServer } from "../support/postgres-server.ts";
import { startPostgres } from "../support/postgres-server.ts";
import type { BusyClient } from "./busy-client.ts";
import { busyClient } from "./busy-client.ts";
import { scenarioText } from "./campaign-scenario.ts";
import type { ServiceProcess } from "./service-process.ts";
import { serviceProcess } from "./service-process.ts";

/** What to try. */
export interface CampaignOptions {
  readonly store: "embedded" | "postgres";
  readonly rounds: number;
  readonly seed: number;
  readonly clients: number;
  /** Hears of each round. */
  readonly onRound: (line: string) => void;
}

/** What came of it; see HistoryAudit for what must be empty. */
export interface CampaignResult {
  readonly audit: HistoryAudit;
  readonly acknowledgedCount: number;
  readonly repeatedCount: number;
  /** Faults by name. */
  readonly faults: ReadonlyMap<string, number>;
  /** Kills that hit while the planner owed a plan: it was reading, deciding or committing. */
  readonly midDecisionCount: number;
  /** Seconds from each fault until a plan was made that knows the last event acknowledged before it. */
  readonly recoverySeconds: readonly number[];
  /** Missing jobs, unexpected answers and deaths, round by round. */
  readonly troubles: readonly string[];
}

/** The places of a campaign. */
interface Site {
  readonly processes: readonly ServiceProcess[];
  readonly postgres: PostgresServer | null;
  readonly openDatabase: () => Promise<{
    readonly address: DatabaseAddress;
    readonly close: () => Promise<void>;
  }>;
  readonly remove: () => Promise<void>;
}

const MOST_SECONDS_OF_CALM = 1.5;
const MOST_SECONDS_INTO_A_START = 3;
const SHARE_OF_KILLS_WHILE_STARTING = 0.25;
const SHARE_OF_KILLS_MID_DECISION = 0.6;
const PLAN_WITHIN_SECONDS = 120;
const CONNECTIONS = 4;
const LOOK_UPS_AT_ONCE = 8;

/** See the file's header. */
export async function runFaultCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { store, rounds, seed, onRound } = options;
  const random = seededRandom(seed);
  const site = await (store === "embedded" ? embeddedSite() : postgresSite());
  try {
    for (const process of site.processes) await process.start();
    let latest: Acknowledged | null = null;
    const clients = Array.from({ length: options.clients }, (_, index) =>
      busyClient({
        urls: apiUrls(site),
        seed: 1000 * seed + index,
        onAcknowledged: (promise) => {
          latest = latest === null || promise.revision > latest.revision ? promise : latest;
        },
      }),
    );
    const lastRevision = (): number => latest?.revision ?? 0;
    const faults = new Map<string, number>();
    const recoverySeconds: number[] = [];
    const troubles: string[] = [];
    let midDecisionCount = 0;
    let checked: readonly number[] = clients.map(() => 0);
    for (let round = 1; round <= rounds; round += 1) {
      await wait(1000 * uniform(random, 0, MOST_SECONDS_OF_CALM));
      const isMidDecision =
        random() < SHARE_OF_KILLS_MID_DECISION && (await decisionIsUnderWay(apiUrls(site), lastRevision));
      if (isMidDecision) midDecisionCount += 1;
      const owed = lastRevision();
      const struckAt = performance.now();
      const fault = await strike(site, random);
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
      const caughtUp = await planKnows(apiUrls(site), owed);
      const tookSeconds = (performance.now() - struckAt) / 1000;
      if (caughtUp) recoverySeconds.push(tookSeconds);
      else
        troubles.push(
          `round ${round} (${fault}): no plan knows revision ${owed} after ${PLAN_WITHIN_SECONDS} s`,
        );
      const promises = clients.map(({ acknowledged }) => [...acknowledged]);
      const fresh = promises.flatMap((own, index) => own.slice(checked[index]));
      troubles.push(...(await missingJobs(apiUrls(site), fresh, round)));
      checked = promises.map(({ length }) => length);
      const acknowledgedCount = promises.flat().length;
      troubles.push(...deaths(site, round));
      onRound(
        `round ${round} of ${rounds}: ${fault}${isMidDecision ? " in the middle of a decision" : ""}, ` +
          `a plan that knows everything after ${tookSeconds.toFixed(1)} s, ${acknowledgedCount} acknowledged, ${troubles.length} troubles`,
      );
      if (!caughtUp) break;
    }
    await Promise.all(clients.map((client) => client.stop()));
    return await result({ site, clients, faults, midDecisionCount, recoverySeconds, troubles });
  } finally {
    await Promise.all(site.processes.map((process) => process.kill()));
    await site.remove();
  }
}

async function result(args: {
  readonly site: Site;
  readonly clients: readonly BusyClient[];
  readonly faults: ReadonlyMap<string, number>;
  readonly midDecisionCount: number;
  readonly recoverySeconds: readonly number[];
  readonly troubles: readonly string[];
}): Promise<CampaignResult> {
  const { site, clients, troubles, ...counted } = args;
  const acknowledged = clients.flatMap((client) => client.acknowledged);
  // Every end but the last one was a kill; this one is in order, so that a snapshot is audited too.
  const codes = await Promise.all(site.processes.map((process) => process.stop()));
  const database = await site.openDatabase();
  const pool = connectPool(database.address, CONNECTIONS, () => undefined);
  const store = await openStore(pool);
  const audit = await checkHistory(store, acknowledged);
  await store.close();
  await database.close();
  return {
    ...counted,
    audit,
    acknowledgedCount: acknowledged.length,
    repeatedCount: clients.reduce((sum, client) => sum + client.repeatedCount(), 0),
    troubles: [
      ...troubles,
      ...clients.flatMap((client) => client.surprises),
      ...codes.flatMap((code, index) =>
        code === 0 ? [] : [`${site.processes[index]?.name} ended with code ${code} when asked to stop`],
      ),
    ],
  };
}

/** Worker processes listen too, but clients of a real site would not know them. */
const apiUrls = ({ processes }: Site): readonly string[] =>
  processes.filter(({ name }) => !name.startsWith("worker")).map(({ url }) => url);

/** Strikes once, and brings everything back; says what it did. */
async function strike(site: Site, random: Random): Promise<string> {
  const { postgres, processes } = site;
  if (postgres !== null && random() < 0.3) {
    await postgres.kill9();
    await postgres.restart();
    return "database killed";
  }
  const victims = random() < 0.15 ? processes : [pick(random, processes)];
  await Promise.all(victims.map((victim) => victim.kill()));
  const name = `kill -9 of ${victims.length > 1 ? "everything" : (victims[0]?.name ?? "nothing")}`;
  const [first] = victims;
  const isTwice = random() < SHARE_OF_KILLS_WHILE_STARTING;
  if (isTwice && first !== undefined) {
    first.launch();
    await wait(1000 * uniform(random, 0, MOST_SECONDS_INTO_A_START));
    await first.kill();
  }
  await Promise.all(victims.map((victim) => victim.start()));
  return isTwice ? `${name}, again while it starts` : name;
}

/** Waits until a plan is owed, for a short while; false where none becomes so. */
async function decisionIsUnderWay(urls: readonly string[], lastRevision: () => number): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const known = await planRevision(urls);
    if (known !== null && known < lastRevision()) return true;
    await wait(10);
  }
  return false;
}

async function planKnows(urls: readonly string[], revision: number): Promise<boolean> {
  const giveUpAt = performance.now() + PLAN_WITHIN_SECONDS * 1000;
  while (performance.now() < giveUpAt) {
    const known = await planRevision(urls);
    if (known !== null && known >= revision) return true;
    await wait(50);
  }
  return false;
}

async function planRevision(urls: readonly string[]): Promise<number | null> {
  const response = await answerOf(`${urls[0] ?? ""}/v1/plan`);
  if (response?.status !== 200) return null;
  return z.object({ revision: z.int() }).parse(await response.json()).revision;
}

async function missingJobs(
  urls: readonly string[],
  promises: readonly Acknowledged[],
  round: number,
): Promise<readonly string[]> {
  const jobIds = promises.flatMap((promise) => (promise.kind === "jobs" ? promise.jobIds : []));
  const missing: string[] = [];
  for (let from = 0; from < jobIds.length; from += LOOK_UPS_AT_ONCE) {
    await Promise.all(
      jobIds.slice(from, from + LOOK_UPS_AT_ONCE).map(async (jobId) => {
        const response = await answerOf(`${urls[0] ?? ""}/v1/jobs/${jobId}`);
        if (response?.status !== 200) missing.push(`round ${round}: job ${jobId} gives ${response?.status}`);
        await response?.body?.cancel();
      }),
    );
  }
  return missing;
}

async function answerOf(url: string): Promise<Response | null> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(10_000) });
  } catch {
    return null;
  }
}

const deaths = ({ processes }: Site, round: number): readonly string[] =>
  processes.flatMap((process) => {
    const death = process.death();
    return death === null ? [] : [`round ${round}: ${death}`];
  });

async function embeddedSite(): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), "berth-faults-"));
  const dataDirectory = join(directory, "data");
  await copyDataDirectory(dataDirectory);
  const environment = { BERTH_SCENARIO: writeScenario(directory), BERTH_DATA_DIR: dataDirectory };
  return {
    processes: [await serviceProcess("service", environment)],
    postgres: null,
    openDatabase: async () => {
      const { poolConfig, close } = await openEmbeddedDatabase({ dataDirectory });
      return { address: { kind: "embedded", poolConfig }, close };
    },
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

async function postgresSite(): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), "berth-faults-"));
  const postgres = await startPostgres({ durable: true });
  const environment = { BERTH_SCENARIO: writeScenario(directory), DATABASE_URL: postgres.url };
  return {
    processes: [
      await serviceProcess("api", { ...environment, BERTH_ROLES: "api" }),
      await serviceProcess("worker", { ...environment, BERTH_ROLES: "worker" }),
    ],
    postgres,
    openDatabase: () =>
      Promise.resolve({ address: { kind: "postgres", url: postgres.url }, close: () => Promise.resolve() }),
    remove: async () => {
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function writeScenario(directory: string): string {
  const path = join(directory, "scenario.json");
  writeFileSync(path, scenarioText({ maxNodes: 24 }));
  return path;
}
