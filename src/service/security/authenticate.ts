/** Middleware: finds out who makes a request, by API key or JWT, and leaves the principal on `response.locals`. */
import type { Request, RequestHandler, Response } from "express";
import type { Logger } from "pino";
import { isoTime } from "../../catalog/time.ts";
import { assertNever } from "../../domain/assert-never.ts";
import { RequestProblem } from "../problem-details.ts";
import type { AnonymousAccess } from "./anonymous-access.ts";
import { foreignBecause } from "./anonymous-access.ts";
import type { ApiKeyRecord, ApiKeyStore } from "./api-key.ts";
import { parseApiKey, verifyApiKey } from "./api-key.ts";
import type { FailedAttempts } from "./failed-attempts.ts";
import type { JwtVerdict, JwtVerifier } from "./jwt-verifier.ts";
import { looksLikeJwt } from "./jwt-verifier.ts";
import type { Principal } from "./principal.ts";
import { ANONYMOUS_LOOPBACK } from "./principal.ts";
import { countedAddress } from "./source-address.ts";

/** What the middleware asks. */
export interface Authentication {
  readonly keys: ApiKeyStore;
  /** null where no JWT issuer is configured. */
  readonly jwt: JwtVerifier | null;
  readonly anonymous: AnonymousAccess;
  readonly failures: FailedAttempts;
  readonly nowSeconds: () => number;
  readonly logger: Logger;
}

/** Paths that ask nobody who they are: health checks, and what the API is. Whatever is below /docs is open too. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/openapi.yaml", "/docs"]);

/** Whether a path is open to everybody. */
export const isOpenPath = (path: string): boolean => OPEN_PATHS.has(path) || path.startsWith("/docs/");

/** A key's last use is written down at most so often: it is for people who look for keys to remove, and each write costs. */
const TOUCH_SECONDS = 60;

/**
 * Sets `response.locals.principal`, or answers 401 (no or wrong credentials), 429 (too many wrong ones from an address) or 503 (the
 * token issuer's keys cannot be had).
 */
export function authenticate(authentication: Authentication): RequestHandler {
  return async (request, response, next) => {
    if (!isOpenPath(request.path)) await identify(authentication, request, response);
    next();
  };
}

async function identify(authentication: Authentication, request: Request, response: Response): Promise<void> {
  const { failures, nowSeconds } = authentication;
  const address = countedAddress(request);
  const waitSeconds = Math.ceil(failures.waitSeconds(address, nowSeconds()));
  if (waitSeconds > 0) {
    throw new RequestProblem(
      "too-many-requests",
      `Too many requests with wrong credentials came from this address; try again in ${waitSeconds} s.`,
      { headers: { "Retry-After": `${waitSeconds}` } },
    );
  }
  const found = await principalOrReason(authentication, request);
  if (found.kind === "found") {
    response.locals.principal = found.principal;
    return;
  }
  if (found.kind === "wrong") failures.note(address, nowSeconds());
  throw unauthorized(found);
}

type Identification =
  | { readonly kind: "found"; readonly principal: Principal }
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "wrong"; readonly reason: string };

async function principalOrReason(authentication: Authentication, request: Request): Promise<Identification> {
  const { authorization } = request.headers;
  if (authorization === undefined) return anonymousPrincipal(authentication, request);
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (token === undefined) {
    return { kind: "wrong", reason: 'The Authorization header must be "Bearer" and a key or JWT.' };
  }
  const { jwt } = authentication;
  if (!looksLikeJwt(token)) return principalOfKey(authentication, token);
  if (jwt === null) {
    return {
      kind: "wrong",
      reason: "This service takes no JWTs, for no issuer is configured; send an API key.",
    };
  }
  const verdict = await verifyJwt(jwt, token, authentication.logger);
  return verdict.kind === "valid"
    ? { kind: "found", principal: verdict.principal }
    : { kind: "wrong", reason: `The JWT is not accepted: ${verdict.reason}.` };
}

async function verifyJwt(jwt: JwtVerifier, token: string, logger: Logger): Promise<JwtVerdict> {
  try {
    return await jwt.verify(token);
  } catch (error) {
    if (error instanceof RequestProblem) logger.warn({ err: error.cause }, "a JWT could not be checked");
    throw error;
  }
}

async function anonymousPrincipal({ anonymous }: Authentication, request: Request): Promise<Identification> {
  const ask = 'Send an API key or a JWT as "Authorization: Bearer …"';
  if (!(await anonymous.isOpen())) {
    return { kind: "missing", reason: `${ask}; this service answers nobody without one.` };
  }
  const foreign = foreignBecause(request);
  return foreign === null
    ? { kind: "found", principal: ANONYMOUS_LOOPBACK }
    : {
        kind: "missing",
        reason: `${ask}: only requests from this machine need none, and of this one it looks as if ${foreign}.`,
      };
}

async function principalOfKey(authentication: Authentication, text: string): Promise<Identification> {
  const { keys, nowSeconds } = authentication;
  const parsed = parseApiKey(text);
  if (parsed.kind === "malformed") {
    return { kind: "wrong", reason: `This is no API key: ${parsed.reason}.` };
  }
  const verdict = verifyApiKey(text, await keys.find(parsed.id), nowSeconds());
  switch (verdict.kind) {
    case "valid": {
      const { record } = verdict;
      await touch(authentication, record);
      const { id, scopes, clusters } = record;
      return { kind: "found", principal: { id, kind: "api-key", scopes, clusters } };
    }
    case "wrong":
      return { kind: "wrong", reason: "No such API key exists." };
    case "expired":
      return {
        kind: "wrong",
        reason: `The API key ended at ${isoTime(verdict.atSeconds)}; ask for a new one.`,
      };
    case "revoked":
      return {
        kind: "wrong",
        reason: `The API key was revoked at ${isoTime(verdict.atSeconds)}; ask for a new one.`,
      };
    default:
      return assertNever(verdict);
  }
}

async function touch({ keys, nowSeconds, logger }: Authentication, record: ApiKeyRecord): Promise<void> {
  const now = nowSeconds();
  if (record.lastUsedAtSeconds !== null && now < record.lastUsedAtSeconds + TOUCH_SECONDS) return;
  try {
    await keys.touchLastUsed(record.id, now);
  } catch (error) {
    // The key is good; that its use cannot be written down must not stop the request.
    logger.warn({ err: error, keyId: record.id }, "the last use of an API key could not be written down");
  }
}

function unauthorized({ kind, reason }: Exclude<Identification, { kind: "found" }>): RequestProblem {
  // RFC 6750: no error code where a request has no credentials at all.
  const challenge = `Bearer realm="berth"${kind === "wrong" ? ', error="invalid_token"' : ""}`;
  return new RequestProblem("unauthorized", reason, { headers: { "WWW-Authenticate": challenge } });
}
