/** Endpoints about who is told of plans, as data. */
import { z } from "zod";
import { daysToSeconds } from "../../domain/units.ts";
import { timeField } from "../../report/view-fields.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { idempotencyHeaders, idempotencyReplyHeaders } from "./idempotency.ts";
import { noParameters } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

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
  oldSecretsUntil: timeField.nullable().meta({
    description:
      "Until then deliveries have a signature by each secret that was replaced, too; null where only one secret signs.",
    example: null,
  }),
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
  oldSecretsUntil: null,
};

const newWebhookSchema = z
  .strictObject({
    ...webhookFields,
    secret: z.string().meta({ description: "Deliveries are signed with it; it is shown this once." }),
  })
  .meta({ id: "NewWebhook", description: "A webhook with its new secret." });

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
    schema: newWebhookSchema,
    example: { ...WEBHOOK_EXAMPLE, secret: "whsec_…" },
  },
  problems: [409, 422],
});

const DAY_SECONDS = daysToSeconds(1);
const MOST_OVERLAP_DAYS = 30;

/** POST /webhooks/{webhookId}/secret */
export const postWebhookSecret = endpoint({
  operationId: "rotateWebhookSecret",
  method: "post",
  scope: "cluster",
  access: "plan",
  path: "/webhooks/{webhookId}/secret",
  tag: "Webhooks",
  summary: "Replace a webhook's secret",
  description:
    "From now on deliveries are signed with a new secret, and for overlapSeconds more with the old one too: webhook-signature then has one signature by each, apart by a space, so that the receiver can change over without refusing any. " +
    "Older secrets that still sign end no later than that. With overlapSeconds 0, for a secret that got out, only the new one signs, at once. " +
    "409: 5 secrets sign already, or the Idempotency-Key came with another body before.",
  body: {
    schema: z
      .strictObject({
        overlapSeconds: z
          .number()
          .min(0)
          .max(daysToSeconds(MOST_OVERLAP_DAYS))
          .default(DAY_SECONDS)
          .meta({ description: "How long the old secret signs too.", example: DAY_SECONDS }),
      })
      .meta({ id: "WebhookSecretRequest" }),
    isRequired: true,
    examples: {
      day: { summary: "The receiver has a day", value: { overlapSeconds: DAY_SECONDS } },
      leaked: { summary: "The old secret got out", value: { overlapSeconds: 0 } },
    },
  },
  query: noParameters,
  params: webhookParameters,
  headers: idempotencyHeaders,
  reply: {
    status: 201,
    description: "The webhook, with its new secret, which is shown this once.",
    headers: idempotencyReplyHeaders,
    schema: newWebhookSchema,
    example: { ...WEBHOOK_EXAMPLE, oldSecretsUntil: "2026-11-21T18:00:00Z", secret: "whsec_…" },
  },
  problems: [404, 409],
});

/** GET /webhooks */
export const getWebhooks = readEndpoint({
  operationId: "listWebhooks",
  scope: "cluster",
  access: "plan",
  path: "/webhooks",
  tag: "Webhooks",
  summary: "List webhooks",
  description: "All webhooks of the cluster, without their secrets.",
  query: noParameters,
  params: noParameters,
  reply: {
    description: "The webhooks.",
    schema: z.strictObject({ webhooks: z.array(webhookSchema) }).meta({ id: "WebhookList" }),
    example: { webhooks: [WEBHOOK_EXAMPLE] },
  },
  problems: [],
});

/** GET /webhooks/{webhookId} */
export const getWebhook = readEndpoint({
  operationId: "getWebhook",
  scope: "cluster",
  access: "plan",
  path: "/webhooks/{webhookId}",
  tag: "Webhooks",
  summary: "Get one webhook",
  description: "A webhook without its secret, with what became of the last try.",
  query: noParameters,
  params: webhookParameters,
  reply: {
    description: "The webhook.",
    schema: webhookSchema,
    example: WEBHOOK_EXAMPLE,
  },
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
