/** Entry of `npm start`: plays the scenario's history, prints the plan, serves the API on 127.0.0.1. */
import { pino } from "pino";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import { loadScenario } from "../catalog/scenario.ts";
import { isoTime } from "../catalog/time.ts";
import { assertNever } from "../domain/assert-never.ts";
import type { ClusterEvent } from "../domain/event.ts";
import { planText } from "../report/plan-table.ts";
import { highsSolver } from "../solver/highs-solver.ts";
import { systemClock } from "./clock.ts";
import { readConfiguration } from "./configuration.ts";
import { LIVE_LIMITS, createService } from "./create-service.ts";
import { playHistory } from "./history.ts";
import { listen } from "./listen.ts";

const HOST = "127.0.0.1";
const EXIT_BAD_INPUT = 2;
const EXIT_BUG = 1;

try {
  await start();
} catch (error) {
  if (error instanceof InvalidInput) console.error(error.message);
  else console.error("This is a bug in Berth:", error);
  process.exit(error instanceof InvalidInput ? EXIT_BAD_INPUT : EXIT_BUG);
}

async function start(): Promise<void> {
  const configuration = readConfiguration(process.env);
  const reference = loadReferenceData();
  const scenario = loadScenario(configuration.scenarioPath, reference);
  const { settings } = scenario;
  const clock = systemClock();
  const solver = highsSolver({ threads: 1 });
  console.log(`Scenario ${scenario.name}: ${scenario.jobs.length} jobs, the last of them arriving now.`);
  const history = await playHistory({
    scenario,
    nowSeconds: Math.floor(clock.nowSeconds()),
    means: { policy: configuration.policy, solver, limits: LIVE_LIMITS, clock: () => clock.nowSeconds() },
    onDecision: ({ plan }, events) => {
      const happened = events.map(eventText).join(", ");
      console.log(
        `  ${isoTime(plan.decidedAtSeconds)} ${happened}: ${plan.allocation.nodes.length} rented, ${plan.proof.stopReason}`,
      );
    },
  });
  const service = createService({
    settings,
    reference,
    solver,
    policy: configuration.policy,
    clock,
    logger: pino({ level: configuration.logLevel }),
    initial: { state: history.state, plan: history.last?.plan ?? null },
  });
  const listening = await listen(service, { host: HOST, port: configuration.port });
  if (history.last !== null)
    console.log(`\n${planText(history.last.plan, settings.vmTypes, settings.maxNodes)}`);
  console.log(
    `\nThe plan lives at ${listening.url}/v1/plan, why it is so at ${listening.url}/v1/plan/explanation, the API at ${listening.url}/docs.`,
  );
  const stop = (): void => {
    void Promise.all([listening.close(), solver.close()]).then(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function eventText(event: ClusterEvent): string {
  switch (event.kind) {
    case "jobs-arrived":
      return `${event.jobs.map((job) => job.id).join(", ")} arrives`;
    case "job-completed":
      return `${event.jobId} completes`;
    case "job-cancelled":
      return `${event.jobId} is cancelled`;
    case "progress-reported":
      return `${event.jobId} reports progress`;
    case "job-changed":
      return `${event.jobId} gets another due date or weight`;
    case "node-lost":
      return `${event.nodeId} is lost`;
    case "settings-changed":
      return "the cluster's settings change";
    case "jobs-forgotten":
      return `${event.jobIds.length} ended jobs are forgotten`;
    case "timer-elapsed":
      return "the timer";
    default:
      return assertNever(event);
  }
}
