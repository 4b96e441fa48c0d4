/** Endpoints about API keys and the audit log, as data. */
import { z } from "zod";
import { idSchema } from "../../catalog/job-spec.ts";
import { isoTimeSchema } from "../../catalog/time.ts";
import { timeField } from "../../report/view-fields.ts";
import { cursorSchema } from "../cursor.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { SCOPES } from "../security/principal.ts";
import { noParameters } from "./parameters.ts";

const MAX_CLUSTERS = 1000;
const DEFAULT_PAGE_ENTRIES = 100;
const MAX_PAGE_ENTRIES = 1000;

const scopesField = z
  .array(z.enum(SCOPES))
  .min(1)
  .max(SCOPES.length)
  .meta({
    description:
      "submit: send jobs and events, read; plan: also ask for plans, comparisons, campaigns, webhooks; admin: also clusters, keys, audit. Each includes those before it.",
    example: ["plan"],
  });
const clustersField = z
  .union([z.literal("*"), z.array(idSchema).min(1).max(MAX_CLUSTERS)])
  .meta({ description: '"*" for all clusters, present and future, or their ids.', example: ["default"] });

const keyFields = {
  id: z.string().meta({ description: "Public part of the key.", example: "9f86d081884c7d65" }),
  name: z.string().meta({ example: "ci of team B" }),
  scopes: scopesField,
  clusters: clustersField,
  createdAt: timeField,
  expiresAt: timeField.nullable(),
  revokedAt: timeField.nullable(),
  lastUsedAt: timeField.nullable(),
};
const keySchema = z
  .strictObject(keyFields)
  .meta({ id: "ApiKey", description: "An API key, without its text." });

const KEY_EXAMPLE = {
  id: "9f86d081884c7d65",
  name: "ci of team B",
  scopes: ["submit" as const],
  clusters: ["default"],
  createdAt: "2026-11-20T18:00:00Z",
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
};

/** POST /v1/keys */
export const postKeys = endpoint({
  operationId: "makeKey",
  method: "post",
  scope: "service",
  access: "admin",
  path: "/v1/keys",
  tag: "Access",
  summary: "Make an API key",
  description:
    "Its text is in the answer and nowhere else. Needs the scope admin on all clusters. " +
    "409: it would be the first key of the service, and could not make another; give it the scope admin and all clusters.",
  body: {
    schema: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .max(100)
          .meta({ description: "What people call it.", example: "ci of team B" }),
        scopes: scopesField,
        clusters: clustersField,
        expiresAt: isoTimeSchema
          .optional()
          .meta({ description: "From then on it is refused; never when left out." }),
      })
      .meta({ id: "ApiKeyRequest" }),
    isRequired: true,
    examples: {
      submitter: {
        summary: "For one cluster",
        value: { name: "ci of team B", scopes: ["submit"], clusters: ["default"] },
      },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 201,
    description: "The key with its text, which is shown this once.",
    schema: z
      .strictObject({
        ...keyFields,
        key: z.string().meta({ description: "Send it as Authorization: Bearer …; it is shown this once." }),
      })
      .meta({ id: "NewApiKey" }),
    example: { ...KEY_EXAMPLE, key: "berth_…" },
  },
  problems: [409],
});

/** GET /v1/keys */
export const getKeys = endpoint({
  operationId: "listKeys",
  method: "get",
  scope: "service",
  access: "admin",
  path: "/v1/keys",
  tag: "Access",
  summary: "List API keys",
  description: "All keys by the time they were made, revoked and expired ones too.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The keys, without their texts.",
    schema: z.strictObject({ keys: z.array(keySchema) }).meta({ id: "ApiKeyList" }),
    example: { keys: [KEY_EXAMPLE] },
  },
  problems: [],
});

/** DELETE /v1/keys/{keyId} */
export const deleteKey = endpoint({
  operationId: "revokeKey",
  method: "delete",
  scope: "service",
  access: "admin",
  path: "/v1/keys/{keyId}",
  tag: "Access",
  summary: "Revoke an API key",
  description: "From now on it is refused. It stays listed; revoked again, it keeps its first time.",
  body: NO_BODY,
  query: noParameters,
  params: z.strictObject({
    keyId: z
      .string()
      .regex(/^[0-9a-f]{16}$/, "must be the id of a key")
      .meta({ description: "Id of the key.", example: "9f86d081884c7d65" }),
  }),
  headers: noParameters,
  reply: {
    status: 200,
    description: "The key, revoked.",
    schema: keySchema,
    example: { ...KEY_EXAMPLE, revokedAt: "2026-11-20T19:00:00Z" },
  },
  problems: [404],
});

const auditEntrySchema = z
  .strictObject({
    at: timeField,
    principalId: z
      .string()
      .nullable()
      .meta({ description: "null: nobody was recognised.", example: "9f86d081884c7d65" }),
    principalKind: z.enum(["anonymous-loopback", "api-key", "jwt"]).nullable(),
    requestId: z.string().meta({ description: "As in X-Request-Id and the log." }),
    clusterId: z.string().nullable(),
    action: z.string().meta({ example: "POST /v1/jobs" }),
    target: z.string().meta({ description: "The path that was asked.", example: "/v1/jobs" }),
    outcome: z.enum(["done", "refused", "failed", "hung-up"]),
    status: z.int().meta({ example: 202 }),
    sourceAddress: z.string().meta({ example: "127.0.0.1" }),
  })
  .meta({ id: "AuditEntry", description: "One request that would change something." });

/** GET /v1/audit */
export const getAudit = endpoint({
  operationId: "listAuditEntries",
  method: "get",
  scope: "service",
  access: "admin",
  path: "/v1/audit",
  tag: "Access",
  summary: "Read the audit log",
  description:
    "Who asked for what change, and what became of it; the newest first. Needs the scope admin on all clusters.",
  body: NO_BODY,
  query: z.strictObject({
    cluster: idSchema.optional().meta({ description: "Only about this cluster.", example: "default" }),
    principal: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .meta({ description: "Only by this key or subject.", example: "9f86d081884c7d65" }),
    from: isoTimeSchema.optional().meta({ description: "Not before.", example: "2026-11-20T00:00:00Z" }),
    until: isoTimeSchema.optional().meta({ description: "Before.", example: "2026-11-21T00:00:00Z" }),
    limit: z
      .string()
      .regex(/^\d{1,4}$/, "must be a whole number")
      .transform(Number)
      .pipe(z.int().min(1).max(MAX_PAGE_ENTRIES))
      .optional()
      .meta({
        description: `Entries to give at most; ${DEFAULT_PAGE_ENTRIES} if left out.`,
        override: {
          type: "integer",
          minimum: 1,
          maximum: MAX_PAGE_ENTRIES,
          default: DEFAULT_PAGE_ENTRIES,
          pattern: undefined,
        },
      }),
    cursor: cursorSchema
      .optional()
      .meta({ description: "Only entries before the page that gave this nextCursor." }),
  }),
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "One page of entries.",
    schema: z
      .strictObject({
        entries: z.array(auditEntrySchema),
        nextCursor: z
          .string()
          .nullable()
          .meta({ description: "cursor of the next page; null when this is the last." }),
      })
      .meta({ id: "AuditPage" }),
    example: {
      entries: [
        {
          at: "2026-11-20T18:00:00Z",
          principalId: "9f86d081884c7d65",
          principalKind: "api-key",
          requestId: "5f0e8cbb-8d4e-4a39-9a55-8b1b0e1b6b1a",
          clusterId: "default",
          action: "POST /v1/jobs",
          target: "/v1/jobs",
          outcome: "done",
          status: 202,
          sourceAddress: "127.0.0.1",
        },
      ],
      nextCursor: null,
    },
  },
  problems: [],
});

/** Entries of a page where the request does not say. */
export const PAGE_ENTRIES = DEFAULT_PAGE_ENTRIES;
