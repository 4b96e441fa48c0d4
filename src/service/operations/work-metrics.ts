/** Metrics of the work behind requests: the queue, deliveries to webhooks, comparisons, campaigns. Each label has a fixed set of values. */
import type { Registry } from "prom-client";
import { Counter, Gauge, Histogram } from "prom-client";
import type { ComparisonKind } from "../../store/schema.ts";
import type { QueueDepth } from "../queue/open-queue.ts";

/** What became of a try at a delivery: "tried-again" will be, "given-up" was the last. */
export type DeliveryOutcome = "delivered" | "tried-again" | "given-up";

/** One try at a delivery. */
export interface DeliveryMeasure {
  readonly outcome: DeliveryOutcome;
  /** From the plan's decision to the end of this try. */
  readonly lagSeconds: number;
}

/** How a comparison or a campaign ended. */
export type ComparisonOutcome = "done" | "failed" | "cancelled";

/** What the work behind requests tells. */
export interface WorkMetrics {
  readonly deliveryTried: (measure: DeliveryMeasure) => void;
  readonly comparisonEnded: (outcome: ComparisonOutcome, kind: ComparisonKind) => void;
  /** null while the queue cannot be asked: no number is shown then. */
  readonly queuesAre: (depths: readonly QueueDepth[] | null) => void;
}

const DELIVERY_OUTCOMES: readonly DeliveryOutcome[] = ["delivered", "tried-again", "given-up"];
const COMPARISON_OUTCOMES: readonly ComparisonOutcome[] = ["done", "failed", "cancelled"];
/** From at once to the last of eight tries, two hours later. */
const LAG_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

/** Registers them. Counters begin with 0 for every outcome, so that the first one of each is seen as an increase. */
export function workMetrics(registry: Registry): WorkMetrics {
  const registers = [registry];
  const queueJobs = new Gauge({
    name: "berth_queue_jobs",
    help: "Jobs of the queue that wait for their first try, wait to be tried again, or are worked at, of all processes together.",
    labelNames: ["queue", "state"] as const,
    registers,
  });
  const deliveries = new Counter({
    name: "berth_webhook_deliveries_total",
    help: "Tries at deliveries to webhooks since the process started.",
    labelNames: ["outcome"] as const,
    registers,
  });
  const lagSeconds = new Histogram({
    name: "berth_webhook_delivery_lag_seconds",
    help: "Seconds from a plan's decision until a webhook had it.",
    buckets: LAG_BUCKETS_SECONDS,
    registers,
  });
  const comparisons = new Counter({
    name: "berth_comparisons_total",
    help: "Comparisons that ended since the process started.",
    labelNames: ["outcome"] as const,
    registers,
  });
  const campaigns = new Counter({
    name: "berth_campaigns_total",
    help: "Campaigns that ended since the process started.",
    labelNames: ["outcome"] as const,
    registers,
  });
  for (const outcome of DELIVERY_OUTCOMES) deliveries.inc({ outcome }, 0);
  for (const counter of [comparisons, campaigns])
    for (const outcome of COMPARISON_OUTCOMES) counter.inc({ outcome }, 0);
  return {
    deliveryTried: (measure) => {
      deliveries.inc({ outcome: measure.outcome });
      if (measure.outcome === "delivered") lagSeconds.observe(Math.max(0, measure.lagSeconds));
    },
    comparisonEnded: (outcome, kind) => {
      (kind === "campaign" ? campaigns : comparisons).inc({ outcome });
    },
    queuesAre: (depths) => {
      queueJobs.reset();
      for (const { queue, state, count } of depths ?? []) queueJobs.set({ queue, state }, count);
    },
  };
}
