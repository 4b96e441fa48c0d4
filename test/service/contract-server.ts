/**
 * A real service on a free port of 127.0.0.1, behind a validator that holds every documented answer to openapi.yaml.
 * An answer that the document does not allow becomes a 599, which no test expects.
 */
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { AddressInfo } from "node:net";
import express from "express";
import type { ErrorRequestHandler } from "express";
import { pino } from "pino";
import { z } from "zod";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import { createService } from "../../src/service/create-service.ts";
import {
  configurationOf,
  configurationOfSettings,
} from "../../src/service/clusters/cluster-configuration.ts";
import { clusterCalendar } from "../../src/service/clusters/cluster-calendar.ts";
import type { RateLimits } from "../../src/service/security/rate-limits.ts";
import type { WebhookRules } from "../../src/service/security/webhook-target.ts";
import { startPlannerHost } from "../../src/service/planning/planner-host.ts";
import type { ChangeBell } from "../../src/store/change-bell.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import type { ClusterRecord } from "../../src/store/clusters.ts";
import type { PlanRecord } from "../../src/store/plan-record.ts";
import type { Store } from "../../src/store/store.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import { EXACT } from "../support/limits.ts";
import type { TestStore } from "../support/test-store.ts";
import { testStore } from "../support/test-store.ts";
import { documentedAnswers } from "./documented-answers.ts";
import type { FakeClock } from "./fake-clock.ts";
import { fakeClock } from "./fake-clock.ts";
import { openGuards } from "./open-guards.ts";

/** An answer, its JSON parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; null for another. */
  readonly json: unknown;
}

/** A service with its planner. */
export interface ContractServer {
  readonly url: string;
  /** The same service without the validator in front of it, for many requests. */
  readonly bareUrl: string;
  readonly store: Store;
  readonly clock: FakeClock;
  /** Lines of the service's log. */
  readonly logLines: readonly string[];
  readonly get: (path: string) => Promise<Answer>;
  readonly post: (path: string, body: unknown) => Promise<Answer>;
  readonly send: (path: string, request: RequestInit) => Promise<Answer>;
  readonly cluster: () => Promise<ClusterRecord>;
  /** What a refused request must leave as it was. */
  readonly footprint: () => Promise<unknown>;
  /** Waits until every acknowledged event is in the plan in force, and gives that plan. */
  readonly settled: () => Promise<PlanRecord>;
  /** Waits until the default cluster is as the test wants it. */
  readonly until: (isIt: (cluster: ClusterRecord) => boolean) => Promise<void>;
  /** Waits for a plan after the one of a revision. */
  readonly planAfter: (revision: number) => Promise<PlanRecord>;
  readonly close: () => Promise<void>;
}

export const NOON = Date.UTC(2026, 10, 20, 12) / 1000;

const reference = loadReferenceData();
const { settings } = loadScenario(shippedScenarioPath("prototype-2019"), reference);

/** One database for all servers of a test file. */
let database: Promise<TestStore> | undefined;

/** The database that servers of this test file use; `closeDatabase` ends it. */
export const sharedDatabase = (): Promise<TestStore> => (database ??= testStore());

/** Ends the database of this test file. */
export async function closeDatabase(): Promise<void> {
  await (await database)?.close();
  database = undefined;
}

/** The cluster of the 2019 prototype (two nodes, four VM types), at noon of 2026-11-20, with no job. */
export async function contractServer(options: {
  readonly solver: SolverPort;
  readonly policy?: PolicyName;
  readonly settings?: ClusterSettings;
  readonly webhookRules?: WebhookRules;
  readonly rateLimits?: RateLimits;
}): Promise<ContractServer> {
  const { pool, store, empty } = await sharedDatabase();
  await empty();
  const clock = fakeClock(NOON);
  const logLines: string[] = [];
  const logger = pino(
    { level: "warn" },
    {
      write: (line: string) => {
        logLines.push(line);
      },
    },
  );
  const initialSettings = emptyCluster(options.settings ?? settings).settings;
  const configuration = configurationOfSettings(initialSettings, options.policy ?? "progress-value");
  await store.clusters.create({
    id: "default",
    configuration,
    initialSettings,
    createdAtSeconds: clock.nowSeconds(),
  });
  const bell: ChangeBell = await changeBell(pool, (error) => {
    logger.error(error);
  });
  const host = startPlannerHost({
    pool,
    store,
    bell,
    clock,
    logger,
    meansOf: (cluster) => ({
      policy: configurationOf(cluster).policy,
      solver: options.solver,
      limits: EXACT,
    }),
    ...clusterCalendar(reference),
    onDecision: () => undefined,
  });
  const guards = openGuards(store, {
    nowSeconds: () => clock.nowSeconds(),
    logger,
    rateLimits: options.rateLimits,
  });
  const service = createService({
    store,
    bell,
    reference,
    clock,
    logger,
    guards,
    solver: options.solver,
    webhookRules: options.webhookRules ?? { allow: [] },
  });
  const outer = express();
  outer.use(documentedAnswers);
  outer.use(service.app);
  const undocumented: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    response.status(599).json({ undocumented: `${request.method} ${request.originalUrl}: ${reason}` });
  };
  outer.use(undocumented);
  const server = createServer((request, response) => {
    outer(request, response);
  });
  const bare = createServer((request, response) => {
    service.app(request, response);
  });
  for (const one of [server, bare]) await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${portOf(server.address())}`;
  const send = (path: string, request: RequestInit): Promise<Answer> => fetchAnswer(`${url}${path}`, request);
  const cluster = async (): Promise<ClusterRecord> => {
    const found = await store.clusters.find("default");
    if (found === undefined) throw new Error("The default cluster is gone");
    return found;
  };
  const until = async (isIt: (cluster: ClusterRecord) => boolean): Promise<void> => {
    while (!isIt(await cluster())) await setTimeout(POLL_MILLISECONDS);
  };
  const planWhen = async (isIt: (cluster: ClusterRecord) => boolean): Promise<PlanRecord> => {
    for (;;) {
      const now = await cluster();
      if (now.planRevision !== null && isIt(now)) {
        const plan = await store.plans.ofRevision("default", now.planRevision);
        if (plan !== undefined) return plan;
      }
      await setTimeout(POLL_MILLISECONDS);
    }
  };
  return {
    url,
    bareUrl: `http://127.0.0.1:${portOf(bare.address())}`,
    store,
    clock,
    logLines,
    send,
    get: (path) => send(path, {}),
    post: (path, body) =>
      send(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    cluster,
    footprint: async () => ({
      clusters: await store.clusters.all(),
      jobs: await store.jobs.counts("default"),
      answers: await store.db
        .selectFrom("idempotency_keys")
        .select((select) => select.fn.countAll<number>().as("count"))
        .execute(),
    }),
    until,
    settled: () => planWhen((now) => now.lastSequence + now.planCount === (now.planRevision ?? 0) + 1),
    planAfter: (revision) => planWhen((now) => (now.planRevision ?? 0) > revision),
    close: async () => {
      for (const one of [server, bare]) {
        one.closeAllConnections();
        await new Promise((resolve) => one.close(resolve));
      }
      await guards.audit.settled();
      await host.close();
      await bell.close();
    },
  };
}

const POLL_MILLISECONDS = 3;

/** Fetches, following no redirect. */
export async function fetchAnswer(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...request });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const json: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, json };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return address.port;
}

/** The cursor of the page after this one. */
export const nextCursor = ({ json }: Answer): string =>
  z.object({ nextCursor: z.string() }).parse(json).nextCursor;

/** A job as posted, due in a day. */
export const jobSpec = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  network: "resnet50",
  framework: "pytorch",
  batchSize: 64,
  samples: 130000,
  epochs: 1,
  dueAt: "2026-11-20T14:00:00Z",
  tardinessCostPerHourUsd: 32.4,
  ...more,
});
