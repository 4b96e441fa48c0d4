/** Makes the first cluster of a new store from the configured scenario, and prints what it decided. */
import type { Pool } from "pg";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import { loadScenario } from "../../catalog/scenario.ts";
import { isoTime } from "../../catalog/time.ts";
import { assertNever } from "../../domain/assert-never.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import { planText } from "../../report/plan-table.ts";
import { highsSolver } from "../../solver/highs-solver.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";
import type { Configuration } from "../configuration.ts";
import { LIVE_LIMITS } from "../planning/live-limits.ts";
import { createFirstCluster } from "./first-cluster.ts";

/** Keys of the advisory lock of whoever makes the first cluster: of several processes one does, the others wait. */
const FIRST_CLUSTER_LOCK = [0x6265_7274, 0] as const;

/** Does nothing where the store has a default cluster. Throws InvalidInput where the scenario is wrong. */
export async function printFirstCluster(args: {
  readonly store: Store;
  readonly pool: Pool;
  readonly configuration: Pick<Configuration, "scenarioPath" | "policy">;
  readonly reference: ReferenceData;
  readonly clock: Clock;
}): Promise<void> {
  const { store, pool, configuration, reference, clock } = args;
  const { policy, scenarioPath } = configuration;
  const scenario = loadScenario(scenarioPath, reference);
  const solver = highsSolver({ threads: 1 });
  const client = await pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1, $2)", [...FIRST_CLUSTER_LOCK]);
    const played = await createFirstCluster(store, {
      scenario,
      nowSeconds: Math.floor(clock.nowSeconds()),
      means: { policy, solver, limits: LIVE_LIMITS, clock: () => clock.nowSeconds() },
    });
    if (played === null) {
      console.log("The store has its clusters already; the scenario is not played again.");
      return;
    }
    console.log(`Scenario ${scenario.name}: ${scenario.jobs.length} jobs, the last of them arriving now.`);
    for (const { decision, events } of played) {
      const { plan } = decision;
      const happened = events.map(eventText).join(", ");
      console.log(
        `  ${isoTime(plan.decidedAtSeconds)} ${happened}: ${plan.allocation.nodes.length} rented, ${plan.proof.stopReason}`,
      );
    }
    const last = played.at(-1)?.decision.plan;
    const { vmTypes, maxNodes } = scenario.settings;
    if (last !== undefined) console.log(`\n${planText(last, vmTypes, maxNodes)}`);
  } finally {
    await client.query("SELECT pg_advisory_unlock($1, $2)", [...FIRST_CLUSTER_LOCK]);
    client.release();
    await solver.close();
  }
}

function eventText(event: ClusterEvent): string {
  switch (event.kind) {
    case "jobs-arrived":
      return `${event.jobs.map((job) => job.id).join(", ")} arrives`;
    case "job-completed":
      return `${event.jobId} completes`;
    case "job-cancelled":
      return `${event.jobId} is cancelled`;
    case "job-changed":
      return `${event.jobId} gets another due date or weight`;
    case "progress-reported":
      return `${event.jobId} reports progress`;
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
