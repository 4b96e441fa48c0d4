/** A process that works at comparisons and campaigns of the PostgreSQL of DATABASE_URL until it is killed; says "ready" when it does. */
import { pino } from "pino";
import { systemClock } from "../../src/service/clock.ts";
import { openQueue } from "../../src/service/queue/open-queue.ts";
import { CAMPAIGNS, COMPARISONS, runComparisons } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import { connectPool } from "../../src/store/connect.ts";
import { openStore } from "../../src/store/store.ts";

const CONNECTIONS = 6;
const ignore = (): void => undefined;

const pool = connectPool({ kind: "postgres", url: process.env["DATABASE_URL"] ?? "" }, CONNECTIONS, ignore);
runComparisons({
  store: await openStore(pool),
  pool,
  bell: await changeBell(pool, ignore),
  queue: await openQueue(pool, [COMPARISONS, CAMPAIGNS, HORIZON_PARTS], ignore),
  clock: systemClock(),
  logger: pino({ level: "silent" }),
  atOnce: 1,
  onEnd: ignore,
});
console.log("ready");
