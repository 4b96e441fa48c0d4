/**
 * Who needs no key: whoever sits at this machine, as long as nobody has made one.
 *
 * The loopback address alone says too little. A web page from anywhere can make the browser of this machine's user send requests to
 * 127.0.0.1 (and, with a name of its own that resolves there, read the answers), and a proxy on this machine makes the whole world come
 * from 127.0.0.1. Both show in the request's headers, and both are refused.
 */
import type { Request } from "express";
import { InvalidInput } from "../../catalog/input-problem.ts";
import type { ApiKeyStore } from "./api-key.ts";
import { isLoopbackAddress, isLoopbackHost } from "./source-address.ts";

/** Whether requests without a key may be let through. */
export interface AnonymousAccess {
  readonly isOpen: () => Promise<boolean>;
}

/** Nobody is let through without a key. */
export const NO_ANONYMOUS_ACCESS: AnonymousAccess = { isOpen: () => Promise.resolve(false) };

/** What holds for a service: open until its first key on the loopback address, unless it takes JWTs; never open elsewhere. */
export function anonymousAccess(service: {
  readonly host: string;
  readonly takesJwts: boolean;
  readonly keys: ApiKeyStore;
  readonly nowSeconds: () => number;
}): AnonymousAccess {
  return isLoopbackHost(service.host) && !service.takesJwts
    ? anonymousUntilFirstKey(service.keys, service.nowSeconds)
    : NO_ANONYMOUS_ACCESS;
}

/** The store is asked again after this, until it has a key. */
const RECHECK_SECONDS = 1;

/**
 * Open until the store has a key. Revoked and expired keys count, so that revoking the last key
 * does not open the service.
 */
export function anonymousUntilFirstKey(keys: ApiKeyStore, nowSeconds: () => number): AnonymousAccess {
  let isClosed = false;
  let askAgainAtSeconds = -Infinity;
  return {
    isOpen: async () => {
      if (!isClosed && nowSeconds() >= askAgainAtSeconds) {
        isClosed = (await keys.list()).length > 0;
        askAgainAtSeconds = nowSeconds() + RECHECK_SECONDS;
      }
      return !isClosed;
    },
  };
}

/** Why a request cannot be the user of this machine at this machine; null when it can. */
export function foreignBecause(request: Request): string | null {
  const { host, origin, forwarded } = request.headers;
  if (!isLoopbackAddress(request.socket.remoteAddress ?? "")) return "it does not come from this machine";
  if (forwarded !== undefined || request.headers["x-forwarded-for"] !== undefined) {
    return "it comes through a proxy";
  }
  if (host === undefined || !isLoopbackUrl(`http://${host}`)) {
    return `it is for the host ${JSON.stringify(host ?? "")}, which is not the loopback address`;
  }
  const site = request.headers["sec-fetch-site"];
  if (site === "cross-site" || (origin !== undefined && !isLoopbackUrl(origin))) {
    return "a web page from elsewhere makes it";
  }
  return null;
}

function isLoopbackUrl(text: string): boolean {
  return URL.canParse(text) && isLoopbackHost(new URL(text).hostname);
}

/** What the service says at its start where it is open. */
export const OPEN_NOTICE =
  "No API key exists: whoever is on this machine may do everything. Set BERTH_ADMIN_KEY_FILE to make the first key.";

/**
 * Refuses to start where anybody could reach a service that asks nobody who they are: throws InvalidInput that names BERTH_HOST.
 * `hasCredentials`: whether the store has a key, or JWTs are configured.
 */
export function requireSecureBinding({
  host,
  hasCredentials,
}: {
  readonly host: string;
  readonly hasCredentials: boolean;
}): void {
  if (hasCredentials || isLoopbackHost(host)) return;
  throw new InvalidInput("environment", [
    {
      path: "/BERTH_HOST",
      value: host,
      message: "others can reach this address, and there is neither an API key nor a JWT issuer",
      fix: "Set BERTH_ADMIN_KEY_FILE to a path, where a key is made, or BERTH_JWKS_URL with its issuer and audience; or use 127.0.0.1.",
    },
  ]);
}
