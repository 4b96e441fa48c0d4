/**
 * Tells webhooks of plans. Two steps, so that nothing is lost or doubled on the way into the queue:
 *
 *   queue     for each webhook and each plan that it was not told of, a delivery; in one transaction with the webhook's `queuedRevision`, whose
 *             row is locked, so that of several workers one queues
 *   deliver   sign and send; anything but 200 to 299 is tried again with growing pauses
 *
 * A delivery may come twice (its worker dies between the receiver's answer and ours to the queue), and a later plan's may come first. The
 * webhook-id is the same for all tries, and the body has the plan's revision.
 */
import type { Logger } from "pino";
import { z } from "zod";
import { planSummaryView } from "../../report/plan-summary-view.ts";
import type { ChangeBell } from "../../store/change-bell.ts";
import { DELIVERY_QUEUE } from "../../store/portable/pending-deliveries.ts";
import type { PlanRecord } from "../../store/plan-record.ts";
import { planStore } from "../../store/plans.ts";
import type { Store } from "../../store/store.ts";
import { webhookStore } from "../../store/webhooks.ts";
import type { WebhookRecord } from "../../store/webhooks.ts";
import type { Clock } from "../clock.ts";
import type { DeliveryMeasure } from "../operations/work-metrics.ts";
import type { Queue, QueueKind, QueuedJob } from "../queue/open-queue.ts";
import { workQueue } from "../queue/work-queue.ts";
import { signingSecrets } from "../security/webhook-secrets.ts";
import { signWebhook } from "../security/webhook-signature.ts";
import type { WebhookOutcome, WebhookRules } from "../security/webhook-target.ts";
import { postWebhook } from "../security/webhook-target.ts";
import { repeatedRounds } from "./repeated-rounds.ts";

/** Eight tries: pauses of 30 s, 1, 2, 4, … 32 min at the least and twice that at the most, so one to two hours in all. */
export const DELIVERIES: QueueKind = {
  name: DELIVERY_QUEUE,
  retryLimit: 7,
  firstPauseSeconds: 30,
  expireSeconds: 60,
};

const TIMEOUT_SECONDS = 10;
/** Slow receivers keep each other waiting no longer than this many of them do. */
const CONCURRENCY = 16;
/** A ring may be lost. */
const LOOK_SECONDS = 5;
const PLANS_PER_TRANSACTION = 100;
/** The receiver says that it is gone for good. */
const GONE = 410;

/** What deliveries need. */
export interface DeliveryOptions {
  readonly store: Store;
  readonly bell: ChangeBell;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: WebhookRules;
  /** Hears of each try that was made. */
  readonly onTry: (measure: DeliveryMeasure) => void;
}

const deliverySchema = z.object({ clusterId: z.string(), webhookId: z.string(), revision: z.number() });

/** Starts both steps; gives the way to end them. */
export function deliverPlans(options: DeliveryOptions): { readonly close: () => Promise<void> } {
  const { store, bell, queue, clock, logger } = options;
  const deliveries = workQueue({
    queue,
    kind: DELIVERIES,
    concurrency: CONCURRENCY,
    logger,
    handle: (job) => deliver(options, job),
  });
  const queueing = repeatedRounds({
    name: "queue deliveries",
    everySeconds: LOOK_SECONDS,
    clock,
    logger,
    round: async () => {
      for (const { id } of await store.clusters.all())
        if ((await queueDeliveries(options, id)) > 0) deliveries.ring();
    },
  });
  const stopListening = bell.listen(({ kind }) => {
    if (kind === "plan") queueing.ring();
  });
  return {
    close: async () => {
      stopListening();
      await queueing.close();
      await deliveries.close();
    },
  };
}

/** Queues what a cluster's webhooks were not told of; says how many deliveries that are. */
export async function queueDeliveries(
  { store, queue }: Pick<DeliveryOptions, "store" | "queue">,
  clusterId: string,
): Promise<number> {
  // Most clusters have no webhook: no transaction is begun for them.
  if ((await store.webhooks.list(clusterId)).length === 0) return 0;
  return store.db.transaction().execute(async (tx) => {
    const webhooks = webhookStore(tx);
    const plans = planStore(tx);
    let queued = 0;
    for (const { id, queuedRevision } of await webhooks.lock(clusterId)) {
      const revisions = await plans.revisionsAfter(clusterId, queuedRevision, PLANS_PER_TRANSACTION);
      for (const revision of revisions) {
        const data = { clusterId, webhookId: id, revision } satisfies z.output<typeof deliverySchema>;
        await queue.add(tx, { kind: DELIVERIES, data });
      }
      const last = revisions.at(-1);
      if (last !== undefined) await webhooks.setQueued(clusterId, id, last);
      queued += revisions.length;
    }
    return queued;
  });
}

async function deliver(
  { store, clock, rules, onTry }: Pick<DeliveryOptions, "store" | "clock" | "rules" | "onTry">,
  job: QueuedJob,
): Promise<void> {
  const { clusterId, webhookId, revision } = deliverySchema.parse(job.data);
  const webhook = await store.webhooks.find(clusterId, webhookId);
  // Deleted meanwhile: nobody is to be told.
  if (webhook === undefined) return;
  const record = await store.plans.ofRevision(clusterId, revision);
  if (record === undefined) throw new Error(`Plan ${revision} of cluster ${clusterId} is not there`);
  const outcome = await send({ clock, rules }, webhook, record);
  const isDelivered = outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;
  const isGivenUp =
    !isDelivered && (job.isLastTry || (outcome.kind === "answered" && outcome.status === GONE));
  onTry({
    outcome: isDelivered ? "delivered" : isGivenUp ? "given-up" : "tried-again",
    lagSeconds: clock.nowSeconds() - record.plan.decidedAtSeconds,
  });
  const words = `Plan ${revision}: ${outcomeWords(outcome)}`;
  const next = isGivenUp ? ", given up" : isDelivered ? "" : ", will be tried again";
  await store.webhooks.setOutcome(clusterId, webhookId, {
    text: `${words} at try ${job.tryNumber} of ${DELIVERIES.retryLimit + 1}${next}.`,
    atSeconds: clock.nowSeconds(),
  });
  if (isDelivered || (isGivenUp && !job.isLastTry)) return;
  throw new Error(words);
}

async function send(
  { clock, rules }: Pick<DeliveryOptions, "clock" | "rules">,
  webhook: WebhookRecord,
  { plan, commands }: PlanRecord,
): Promise<WebhookOutcome> {
  const { clusterId, id, url } = webhook;
  const body = JSON.stringify(planSummaryView(plan, commands));
  const nowSeconds = clock.nowSeconds();
  const delivery = { id: `${id}_${plan.revision}`, atSeconds: Math.floor(nowSeconds), body };
  const signed = signWebhook(delivery, signingSecrets(webhook, nowSeconds));
  const headers = { ...signed, "berth-cluster-id": clusterId };
  return postWebhook({ url, headers, body, timeoutSeconds: TIMEOUT_SECONDS }, rules);
}

function outcomeWords(outcome: WebhookOutcome): string {
  switch (outcome.kind) {
    case "answered":
      return `answered with status ${outcome.status}`;
    case "refused":
      return `not sent, because ${outcome.reason}`;
    case "unreachable":
      return `not reached (${outcome.reason})`;
  }
}
