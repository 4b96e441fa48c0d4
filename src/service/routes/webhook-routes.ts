import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { isoTime } from "../../catalog/time.ts";
import type { StoreParts } from "../../store/store.ts";
import type { WebhookRecord } from "../../store/webhooks.ts";
import {
  deleteWebhook,
  getWebhook,
  getWebhooks,
  postWebhookSecret,
  postWebhooks,
} from "../endpoints/webhooks.ts";
import { answerOnce } from "../idempotent.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { oldSecretsUntil, rotatedSecrets } from "../security/webhook-secrets.ts";
import { makeWebhookSecret } from "../security/webhook-signature.ts";
import { checkWebhookTarget } from "../security/webhook-target.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster } from "./service-context.ts";

/** Each of them costs a delivery for every plan. */
const MAX_WEBHOOKS = 20;
/** Each of them is one more signature of every delivery. */
const MAX_SECRETS = 5;
const ID_BYTES = 8;

/** Answers everything under /webhooks of a cluster. */
export function webhookRoutes({ store, clock, webhookRules }: ServiceContext): readonly Route[] {
  return [
    route(postWebhooks, async ({ body, clusterId, principalId, headers }) => {
      await knownCluster(store, clusterId);
      const verdict = await checkWebhookTarget(body.url, webhookRules);
      if (verdict.kind !== "allowed") {
        const fix =
          verdict.kind === "refused"
            ? verdict.fix
            : "Correct the host's name, or try again once it resolves.";
        throw new RequestProblem("unusable-input", "The webhook cannot be sent to.", {
          problems: [{ path: "/url", value: body.url, message: verdict.reason, fix }],
        });
      }
      const request = {
        clusterId,
        principalId,
        key: headers["idempotency-key"],
        content: { operation: postWebhooks.operationId, body },
        reply: postWebhooks.reply,
        atSeconds: clock.nowSeconds(),
      };
      return answerOnce(store, request, async (locked) => {
        const present = await locked.webhooks.list(clusterId);
        if (present.length >= MAX_WEBHOOKS)
          throw new RequestProblem(
            "conflict",
            `The cluster has ${present.length} webhooks, and at most ${MAX_WEBHOOKS} are taken; delete one first.`,
          );
        const fresh: WebhookRecord = {
          clusterId,
          id: `wh_${randomBytes(ID_BYTES).toString("hex")}`,
          url: verdict.url.href,
          secret: makeWebhookSecret(),
          previousSecrets: [],
          createdAtSeconds: clock.nowSeconds(),
          queuedRevision: locked.cluster.planRevision ?? 0,
          lastOutcome: null,
          lastTriedAtSeconds: null,
        };
        await locked.webhooks.insert(fresh);
        return withSecret(fresh, clock.nowSeconds());
      });
    }),
    route(postWebhookSecret, ({ body, clusterId, params, principalId, headers }) => {
      const request = {
        clusterId,
        principalId,
        key: headers["idempotency-key"],
        content: { operation: postWebhookSecret.operationId, ...params, body },
        reply: postWebhookSecret.reply,
        atSeconds: clock.nowSeconds(),
      };
      return answerOnce(store, request, async (locked) => {
        const webhook = await knownWebhook(locked, clusterId, params.webhookId);
        const nowSeconds = clock.nowSeconds();
        const rotated = { ...webhook, ...rotatedSecrets(webhook, { ...body, nowSeconds }) };
        if (rotated.previousSecrets.length >= MAX_SECRETS)
          throw new RequestProblem(
            "conflict",
            `${MAX_SECRETS} secrets of the webhook sign already; wait until the old ones end, or give a shorter overlapSeconds, down to 0.`,
          );
        await locked.webhooks.setSecrets(rotated);
        return withSecret(rotated, nowSeconds);
      });
    }),
    route(getWebhooks, async ({ clusterId }) => {
      await knownCluster(store, clusterId);
      const webhooks = await store.webhooks.list(clusterId);
      return { webhooks: webhooks.map((webhook) => webhookView(webhook, clock.nowSeconds())) };
    }),
    route(getWebhook, async ({ clusterId, params }) =>
      webhookView(await knownWebhook(store, clusterId, params.webhookId), clock.nowSeconds()),
    ),
    route(deleteWebhook, async ({ clusterId, params }) =>
      store.write(clusterId, async (locked) => {
        const webhook = await knownWebhook(locked, clusterId, params.webhookId);
        await locked.webhooks.remove(clusterId, webhook.id);
        return webhookView(webhook, clock.nowSeconds());
      }),
    ),
  ];
}

async function knownWebhook(
  parts: Pick<StoreParts, "webhooks" | "clusters">,
  clusterId: string,
  id: string,
): Promise<WebhookRecord> {
  await knownCluster(parts, clusterId);
  const webhook = await parts.webhooks.find(clusterId, id);
  if (webhook === undefined) throw new RequestProblem("unknown-webhook", `No webhook has the id ${id}.`);
  return webhook;
}

const withSecret = (
  webhook: WebhookRecord,
  nowSeconds: number,
): z.output<typeof postWebhooks.reply.schema> => ({
  ...webhookView(webhook, nowSeconds),
  secret: webhook.secret,
});

function webhookView(webhook: WebhookRecord, nowSeconds: number): z.output<typeof getWebhook.reply.schema> {
  const untilSeconds = oldSecretsUntil(webhook, nowSeconds);
  const { id, url, createdAtSeconds, queuedRevision, lastOutcome, lastTriedAtSeconds } = webhook;
  return {
    id,
    url,
    createdAt: isoTime(createdAtSeconds),
    queuedRevision,
    lastOutcome,
    lastTriedAt: lastTriedAtSeconds === null ? null : isoTime(lastTriedAtSeconds),
    oldSecretsUntil: untilSeconds === null ? null : isoTime(untilSeconds),
  };
}
