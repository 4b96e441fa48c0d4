import type { Response } from "express";
import type { z } from "zod";
import { isoTime } from "../../catalog/time.ts";
import type { StoredApiKey } from "../../store/api-keys.ts";
import type { StoredAuditEntry } from "../../store/audit-entries.ts";
import { cursorAfter } from "../cursor.ts";
import { PAGE_ENTRIES, deleteKey, getAudit, getKeys, postKeys } from "../endpoints/access.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { rawRoute } from "../route.ts";
import { generateApiKey } from "../security/api-key.ts";
import { hasScope, mayTouch, principalOf, requireAccess } from "../security/principal.ts";
import type { ServiceContext } from "./service-context.ts";

type AuditView = z.output<typeof getAudit.reply.schema>["entries"][number];
type KeyView = z.output<typeof deleteKey.reply.schema>;

/** Answers /v1/keys and /v1/audit: they are about all clusters, so that an admin of some of them may not use them. */
export function accessRoutes({ store, clock }: ServiceContext): readonly Route[] {
  return [
    rawRoute(postKeys, async ({ body }, _request, response) => {
      requireAdminOfAll(response);
      const { name, scopes, clusters, expiresAt } = body;
      const opensAll = hasScope({ scopes }, "admin") && mayTouch({ clusters }, "*");
      if (!opensAll && principalOf(response).kind === "anonymous-loopback")
        throw new RequestProblem(
          "conflict",
          'The first key of a service must be able to make others, since from then on every request needs one: give it the scope "admin" and the clusters "*".',
        );
      const { text, record } = generateApiKey({
        name,
        scopes,
        clusters,
        createdAtSeconds: clock.nowSeconds(),
        expiresAtSeconds: expiresAt ?? null,
      });
      await store.apiKeys.insert(record);
      const made: z.output<typeof postKeys.reply.schema> = { ...keyView(record), key: text };
      answer(response, postKeys.reply.status, made);
    }),
    rawRoute(getKeys, async (_checked, _request, response) => {
      requireAdminOfAll(response);
      const keys = (await store.apiKeys.list()).map(keyView);
      answer(response, getKeys.reply.status, { keys });
    }),
    rawRoute(deleteKey, async ({ params }, _request, response) => {
      requireAdminOfAll(response);
      await store.apiKeys.revoke(params.keyId, clock.nowSeconds());
      const key = await store.apiKeys.find(params.keyId);
      if (key === undefined)
        throw new RequestProblem("unknown-key", `No API key has the id ${params.keyId}.`);
      answer(response, deleteKey.reply.status, keyView(key));
    }),
    rawRoute(getAudit, async ({ query }, _request, response) => {
      requireAdminOfAll(response);
      const { cluster, principal, from, until, cursor, limit = PAGE_ENTRIES } = query;
      const found = await store.audit.page({
        ...(cluster === undefined ? {} : { clusterId: cluster }),
        ...(principal === undefined ? {} : { principalId: principal }),
        ...(from === undefined ? {} : { fromSeconds: from }),
        ...(until === undefined ? {} : { untilSeconds: until }),
        ...(cursor === undefined ? {} : { beforeEntry: cursor }),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1)?.entry;
      answer(response, getAudit.reply.status, {
        entries: page.map(auditView),
        nextCursor: found.length > limit && last !== undefined ? cursorAfter(last) : null,
      });
    }),
  ];
}

const requireAdminOfAll = (response: Response): void => {
  requireAccess(principalOf(response), { scope: "admin", clusterId: "*" });
};

/** Keys and who did what are for nobody's cache. */
function answer(response: Response, status: number, body: object): void {
  response.set("Cache-Control", "no-store").status(status).json(body);
}

const timeOrNull = (seconds: number | null): string | null => (seconds === null ? null : isoTime(seconds));

const keyView = (key: StoredApiKey): KeyView => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes],
  clusters: key.clusters === "*" ? "*" : [...key.clusters],
  createdAt: isoTime(key.createdAtSeconds),
  expiresAt: timeOrNull(key.expiresAtSeconds),
  revokedAt: timeOrNull(key.revokedAtSeconds),
  lastUsedAt: timeOrNull(key.lastUsedAtSeconds),
});

const auditView = (entry: StoredAuditEntry): AuditView => ({
  at: isoTime(entry.atSeconds),
  principalId: entry.principalId,
  principalKind: entry.principalKind,
  requestId: entry.requestId,
  clusterId: entry.clusterId,
  action: entry.action,
  target: entry.target,
  outcome: entry.outcome,
  status: entry.status,
  sourceAddress: entry.sourceAddress,
});
