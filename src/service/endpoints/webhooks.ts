/** Endpoints about who is told of plans, as data. */
import { z } from "zod";
import { timeField } from "../../report/view-fields.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { noParameters } from "./parameters.ts";

const webhookFields = {
  id: z.string().meta({ example: "wh_3f2a9c0d4e5b6a71" }),
  url: z.string().meta({ format: "uri", example: "https://hooks.example.org/berth" }),
  createdAt: timeField,
  queuedRevision: z.int().min(0).meta({
    description:
      "Deliveries of all plans up to this revision, from the registration on, are queued or were tried.",
    example: 4,
  }),
  lastOutcome: z
    .string()
    .nullable()
    .meta({ description: "What became of the last try, in words; null before the first.", example: null }),
  lastTriedAt: timeField.nullable(),
};

const webhookSchema = z
  .strictObject(webhookFields)
  .meta({ id: "Webhook", description: "An address that is told of every plan." });

const webhookParameters = z.strictObject({
  webhookId: z
    .string()
    .regex(/^wh_[0-9a-f]{16}$/, "must be the id of a webhook")
    .meta({ description: "Id of the webhook.", example: "wh_3f2a9c0d4e5b6a71" }),
});

const WEBHOOK_EXAMPLE = {
  id: "wh_3f2a9c0d4e5b6a71",
  url: "https://hooks.example.org/berth",
  createdAt: "2026-11-20T18:00:00Z",
  queuedRevision: 4,
  lastOutcome: null,
  lastTriedAt: null,
};

/** POST /webhooks */
export const postWebhooks = endpoint({
  operationId: "registerWebhook",
  method: "post",
  scope: "cluster",
  access: "plan",
  path: "/webhooks",
  tag: "Webhooks",
  summary: "Register a webhook",
  description:
    "From now on every plan's PlanSummary is sent there as a POST, signed as the Standard Webhooks specification says (webhook-id, webhook-timestamp, webhook-signature); " +
    "berth-cluster-id names the cluster. webhook-id stays the same over tries. At least once, and not promised in order: take the revision for the order. " +
    "Anything but 200 to 299 is tried again, 8 times in about two hours in all; redirects are not followed, 410 stops at once. " +
    "409: the cluster has as many webhooks as it may, or the Idempotency-Key came with another body before. 422: the address may not be sent to.",
  body: {
    schema: z
      .strictObject({
        url: z
          .string()
          .min(1)
          .max(2048)
          .meta({ description: "http or https.", example: "https://hooks.example.org/berth" }),
      })
      .meta({ id: "WebhookRequest" }),
    isRequired: true,
    examples: { webhook: { summary: "A webhook", value: { url: "https://hooks.example.org/berth" } } },
  },
  query: noParameters,
  params: noParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 201,
    description: "The webhook, with its secret, which is shown this once.",
    headers: idempotencyReplyHeaders,
    schema: z
      .strictObject({
        ...webhookFields,
        secret: z.string().meta({ description: "Deliveries are signed with it; it is shown this once." }),
      })
      .meta({ id: "NewWebhook" }),
    example: { ...WEBHOOK_EXAMPLE, secret: "whsec_…" },
  },
  problems: [409, 422],
});

/** GET /webhooks */
export const getWebhooks = endpoint({
  operationId: "listWebhooks",
  method: "get",
  scope: "cluster",
  access: "plan",
  path: "/webhooks",
  tag: "Webhooks",
  summary: "List webhooks",
  description: "All webhooks of the cluster, without their secrets.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The webhooks.",
    schema: z.strictObject({ webhooks: z.array(webhookSchema) }).meta({ id: "WebhookList" }),
    example: { webhooks: [WEBHOOK_EXAMPLE] },
  },
  problems: [],
});

/** GET /webhooks/{webhookId} */
export const getWebhook = endpoint({
  operationId: "getWebhook",
  method: "get",
  scope: "cluster",
  access: "plan",
  path: "/webhooks/{webhookId}",
  tag: "Webhooks",
  summary: "Get one webhook",
  description: "A webhook without its secret, with what became of the last try.",
  body: NO_BODY,
  query: noParameters,
  params: webhookParameters,
  headers: noParameters,
  reply: { status: 200, description: "The webhook.", schema: webhookSchema, example: WEBHOOK_EXAMPLE },
  problems: [404],
});

/** DELETE /webhooks/{webhookId} */
export const deleteWebhook = endpoint({
  operationId: "deleteWebhook",
  method: "delete",
  scope: "cluster",
  access: "plan",
  path: "/webhooks/{webhookId}",
  tag: "Webhooks",
  summary: "Delete a webhook",
  description: "Nothing is sent there any more; deliveries that are queued are dropped.",
  body: NO_BODY,
  query: noParameters,
  params: webhookParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The webhook that was.",
    schema: webhookSchema,
    example: WEBHOOK_EXAMPLE,
  },
  problems: [404],
});
