import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { isoTime } from "../../catalog/time.ts";
import type { StoreParts } from "../../store/store.ts";
import type { WebhookRecord } from "../../store/webhooks.ts";
import { deleteWebhook, getWebhook, getWebhooks, postWebhooks } from "../endpoints/webhooks.ts";
import { answerOnce } from "../idempotent.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { makeWebhookSecret } from "../security/webhook-signature.ts";
import { checkWebhookTarget } from "../security/webhook-target.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster } from "./service-context.ts";

/** Each of them costs a delivery for every plan. */
const MAX_WEBHOOKS = 20;
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
          createdAtSeconds: clock.nowSeconds(),
          queuedRevision: locked.cluster.planRevision ?? 0,
          lastOutcome: null,
          lastTriedAtSeconds: null,
        };
        await locked.webhooks.insert(fresh);
        return { ...webhookView(fresh), secret: fresh.secret };
      });
    }),
    route(getWebhooks, async ({ clusterId }) => {
      await knownCluster(store, clusterId);
      return { webhooks: (await store.webhooks.list(clusterId)).map(webhookView) };
    }),
    route(getWebhook, async ({ clusterId, params }) =>
      webhookView(await knownWebhook(store, clusterId, params.webhookId)),
    ),
    route(deleteWebhook, async ({ clusterId, params }) =>
      store.write(clusterId, async (locked) => {
        const webhook = await knownWebhook(locked, clusterId, params.webhookId);
        await locked.webhooks.remove(clusterId, webhook.id);
        return webhookView(webhook);
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

function webhookView(webhook: WebhookRecord): z.output<typeof getWebhook.reply.schema> {
  const { id, url, createdAtSeconds, queuedRevision, lastOutcome, lastTriedAtSeconds } = webhook;
  return {
    id,
    url,
    createdAt: isoTime(createdAtSeconds),
    queuedRevision,
    lastOutcome,
    lastTriedAt: lastTriedAtSeconds === null ? null : isoTime(lastTriedAtSeconds),
  };
}
