/**
 * The audit log: who did what, to what, from where, and how it ended. It holds names, ids and paths; never a body, a query or a secret.
 *
 * Every request that may change something is written down (any method but GET, HEAD and OPTIONS), also a refused one. A request without a
 * principal that was throttled is not: a flood of wrong keys must not fill the store.
 */
import type { Request, RequestHandler, Response } from "express";
import type { Logger } from "pino";
import { routeTemplate } from "../operations/route-template.ts";
import type { Principal } from "./principal.ts";
import { sourceAddress } from "./source-address.ts";

/** How a request ended: done; refused with a status of 400 to 499; failed with 500 or more; or its client hung up before the answer. */
export type AuditOutcome = "done" | "refused" | "failed" | "hung-up";

/** One line of the audit log. */
export interface AuditEntry {
  /** Seconds since the Unix epoch. */
  readonly atSeconds: number;
  /** null: the request did not say, or not rightly, who makes it. */
  readonly principalId: string | null;
  readonly principalKind: Principal["kind"] | null;
  /** As in the service's log and the X-Request-Id header. */
  readonly requestId: string;
  readonly clusterId: string | null;
  /** Method and route, for example "DELETE /v1/jobs/:jobId"; the route is "(no route)" where the request came to none. */
  readonly action: string;
  /** The path that was asked, without its query, cut at 300 characters. */
  readonly target: string;
  readonly outcome: AuditOutcome;
  readonly status: number;
  readonly sourceAddress: string;
}

/** Which entries to list; all of them when a field is left out. */
export interface AuditQuery {
  readonly clusterId?: string;
  readonly principalId?: string;
  readonly fromSeconds?: number;
  /** Exclusive. */
  readonly untilSeconds?: number;
  readonly limit: number;
}

/** Where the audit log is kept. Entries are appended and never changed. */
export interface AuditLog {
  readonly append: (entry: AuditEntry) => Promise<void>;
  /** The newest first. */
  readonly list: (query: AuditQuery) => Promise<readonly AuditEntry[]>;
}

/** Writes the audit log. */
export interface AuditTrail {
  /** Goes before authenticate(), so that refused requests are written down too. */
  readonly middleware: RequestHandler;
  /** When all entries of finished requests are written; for the shutdown, before the store closes. */
  readonly settled: () => Promise<void>;
}

const MAX_TARGET_CHARACTERS = 300;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Appends an entry after each state-changing request. An entry that cannot be appended goes to the service's log in full, as an error:
 * the answer is out by then.
 */
export function auditTrail(means: {
  readonly auditLog: AuditLog;
  readonly nowSeconds: () => number;
  readonly logger: Logger;
}): AuditTrail {
  const { auditLog, nowSeconds, logger } = means;
  const pending = new Set<Promise<void>>();
  const append = async (entry: AuditEntry): Promise<void> => {
    try {
      await auditLog.append(entry);
    } catch (error) {
      logger.error({ err: error, auditEntry: entry }, "an entry of the audit log could not be written");
    }
  };
  return {
    middleware: (request, response, next) => {
      if (!READING.has(request.method)) {
        // The path and address are read now: the socket forgets its address when it closes.
        const target = request.path.slice(0, MAX_TARGET_CHARACTERS);
        const from = sourceAddress(request);
        // "close" comes once, after the answer or instead of it.
        response.once("close", () => {
          if (response.statusCode === 429 && response.locals.principal === undefined) return;
          const entry = {
            ...entryOf(request, response),
            atSeconds: nowSeconds(),
            target,
            sourceAddress: from,
          };
          const writing = append(entry).finally(() => pending.delete(writing));
          pending.add(writing);
        });
      }
      next();
    },
    settled: async () => {
      await Promise.all(pending);
    },
  };
}

function entryOf(
  request: Request,
  response: Response,
): Omit<AuditEntry, "atSeconds" | "target" | "sourceAddress"> {
  const { principal, clusterId } = response.locals;
  return {
    principalId: principal?.id ?? null,
    principalKind: principal?.kind ?? null,
    requestId: typeof request.id === "string" ? request.id : "unknown",
    clusterId: clusterId ?? null,
    action: `${request.method} ${routeTemplate(request) ?? "(no route)"}`,
    outcome: outcomeOf(response),
    status: response.statusCode,
  };
}

function outcomeOf({ writableFinished, statusCode }: Response): AuditOutcome {
  if (!writableFinished) return "hung-up";
  if (statusCode >= 500) return "failed";
  return statusCode >= 400 ? "refused" : "done";
}
