/** Entry of `npm start` and `berth serve`: opens the store, makes the first cluster, and answers requests, plans, or both. */
import { pino } from "pino";
import type { Logger } from "pino";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import type { Configuration } from "./configuration.ts";
import { readConfiguration, storeLabel } from "./configuration.ts";
import { meteredStore } from "./operations/metered-store.ts";
import { createMetrics } from "./operations/metrics.ts";
import { serverDrain } from "./operations/drain-server.ts";
import { shutDownOnSignal } from "./operations/graceful-shutdown.ts";
import { OPEN_NOTICE, anonymousAccess, requireSecureBinding } from "./security/anonymous-access.ts";
import { auditTrail } from "./security/audit.ts";
import { ensureBootstrapKey } from "./security/bootstrap-key.ts";
import { FailedAttempts } from "./security/failed-attempts.ts";
import { jwtVerifier } from "./security/jwt-verifier.ts";
import { loggerOptions } from "./security/redaction.ts";
import { changeBell } from "../store/change-bell.ts";
import { openStore } from "../store/store.ts";
import type { Store } from "../store/store.ts";
import { systemClock } from "./clock.ts";
import { createService } from "./create-service.ts";
import { printFirstCluster } from "./clusters/print-first-cluster.ts";
import { listen } from "./listen.ts";
import { openDatabase } from "./open-database.ts";
import { DatabaseUnavailableError, connectPool, requireDatabase } from "../store/connect.ts";
import { highsSolver } from "../solver/highs-solver.ts";
import { lazySolver } from "./feasibility/lazy-solver.ts";
import { startWorker } from "./worker/start-worker.ts";

const EXIT_BAD_INPUT = 2;
/** A bug, or what may pass: whoever supervises the service starts it again. */
const EXIT_TROUBLE = 1;
/** Connections of the HTTP side. */
const MAX_CONNECTIONS = 8;

try {
  await start();
} catch (error) {
  const isInput = error instanceof InvalidInput || isDirectoryTrouble(error);
  if (isInput || error instanceof DatabaseUnavailableError) console.error(error.message);
  else console.error("This is a bug in Berth:", error);
  process.exit(isInput ? EXIT_BAD_INPUT : EXIT_TROUBLE);
}

async function start(): Promise<void> {
  const configuration = readConfiguration(process.env);
  const logger = pino(loggerOptions(configuration.logLevel));
  const reference = loadReferenceData();
  const clock = systemClock();
  const database = await openDatabase(configuration.store);
  const pool = connectPool(database.address, MAX_CONNECTIONS, (error) => {
    logger.warn({ err: error }, "a connection to the database broke");
  });
  await requireDatabase(pool);
  const metrics = createMetrics();
  const store = meteredStore(await openStore(pool, metrics.statementRan), metrics.tookIn);
  await prepareKeys(configuration, store, clock.nowSeconds());
  const bell = await changeBell(pool, (error) => {
    logger.warn({ err: error }, "the change bell broke and is made anew");
  });
  await printFirstCluster({ store, pool, configuration, reference, clock });
  const worker = configuration.roles.includes("worker")
    ? await startWorker(
        {
          address: database.address,
          logLevel: configuration.logLevel,
          webhookAllow: configuration.webhookAllow,
          retention: configuration.retention,
        },
        metrics,
      )
    : null;
  const audit = auditTrail({ auditLog: store.audit, nowSeconds: () => clock.nowSeconds(), logger });
  const nowSeconds = (): number => clock.nowSeconds();
  const solver = lazySolver(() => highsSolver({ threads: 1 }));
  const service = createService({
    store,
    bell,
    reference,
    clock,
    logger,
    solver,
    webhookRules: { allow: configuration.webhookAllow },
    guards: {
      authentication: {
        keys: store.apiKeys,
        jwt: configuration.jwt === null ? null : jwtVerifier(configuration.jwt, nowSeconds),
        anonymous: anonymousAccess({
          host: configuration.host,
          takesJwts: configuration.jwt !== null,
          keys: store.apiKeys,
          nowSeconds,
        }),
        failures: new FailedAttempts(),
        nowSeconds,
        logger,
      },
      audit,
      rateLimits: configuration.rateLimits,
      metrics,
      trustProxy: configuration.trustProxy,
    },
  });
  const { server, url } = await listen(service.app, configuration);
  const { drain, abandon } = serverDrain(server);
  endOnFailure(logger, [database.failure, ...(worker === null ? [] : [worker.failure])]);
  shutDownOnSignal(process, {
    markUnready: service.drain,
    drain,
    abandon,
    graceSeconds: configuration.shutdownGraceSeconds,
    closing: [
      { name: "audit", close: audit.settled },
      { name: "worker", close: () => worker?.close() },
      { name: "solver", close: solver.close },
      { name: "bell", close: bell.close },
      { name: "store", close: store.close },
      { name: "database", close: database.close },
    ],
    clock,
    logger,
    exit: (code) => process.exit(code),
  });
  console.log(
    `\nThe plan lives at ${url}/v1/plan, why it is so at ${url}/v1/plan/explanation, the API at ${url}/docs.` +
      `\nEverything is kept in ${storeLabel(configuration.store)}.`,
  );
}

/** Takes in the first key, and refuses an address that others can reach without one. */
async function prepareKeys(configuration: Configuration, store: Store, nowSeconds: number): Promise<void> {
  const { adminKeyFile, host, jwt } = configuration;
  if (adminKeyFile !== null) {
    const key = await ensureBootstrapKey(adminKeyFile, store.apiKeys, nowSeconds);
    console.log(`The key ${key.id} of ${adminKeyFile} is ${key.kind}.`);
  }
  const hasKey = (await store.apiKeys.list()).length > 0;
  requireSecureBinding({ host, hasCredentials: hasKey || jwt !== null });
  if (!hasKey && jwt === null) console.log(OPEN_NOTICE);
}

/** Without its database or its worker the process is of no use: it ends, and whoever supervises it starts it again. */
function endOnFailure(logger: Logger, failures: readonly Promise<Error>[]): void {
  void Promise.race(failures).then((error) => {
    logger.fatal({ err: error }, "a part of the service ended");
    console.error(`The service ends, because a part of it did: ${error.message}`);
    process.exit(EXIT_TROUBLE);
  });
}

function isDirectoryTrouble(error: unknown): error is Error {
  return error instanceof Error && ["DirectoryInUseError", "DataDirectoryError"].includes(error.name);
}
