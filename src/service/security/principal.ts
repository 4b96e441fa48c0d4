/** Who makes a request, and what that one may do. */
import type { Response } from "express";
import { RequestProblem } from "../problem-details.ts";

/** What a principal may do, from the least to the most; each includes those before it. */
export const SCOPES = ["submit", "plan", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** The clusters that a principal may touch: all of them, or those of a list. */
export type ClusterAccess = "*" | readonly string[];

/** Whoever makes a request. */
export interface Principal {
  /** A key's id, or a token's subject. */
  readonly id: string;
  readonly kind: "anonymous-loopback" | "api-key" | "jwt";
  readonly scopes: readonly Scope[];
  readonly clusters: ClusterAccess;
}

/** What a request needs: a scope, and the cluster it is about ("*" for what is about all of them, null for what is about none). */
export interface Access {
  readonly scope: Scope;
  readonly clusterId: string | null;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Express offers no other way to type `response.locals`.
  namespace Express {
    interface Locals {
      /** Set by authenticate.ts. */
      principal?: Principal;
      /** The cluster that a request is about; set by authorize.ts. */
      clusterId?: string;
    }
  }
}

/** Whoever uses a service on this machine's loopback address for which nobody has made a key. */
export const ANONYMOUS_LOOPBACK: Principal = {
  id: "anonymous-loopback",
  kind: "anonymous-loopback",
  scopes: ["admin"],
  clusters: "*",
};

/** Whether a principal has a scope, or one that includes it. */
export const hasScope = ({ scopes }: Pick<Principal, "scopes">, scope: Scope): boolean =>
  scopes.some((held) => SCOPES.indexOf(held) >= SCOPES.indexOf(scope));

/** Whether a principal may touch a cluster; "*" asks for all of them. */
export const mayTouch = ({ clusters }: Pick<Principal, "clusters">, clusterId: string): boolean =>
  clusters === "*" || (clusterId !== "*" && clusters.includes(clusterId));

/** Throws a RequestProblem (403) that names the scope or the cluster that a principal lacks. */
export function requireAccess(principal: Principal, { scope, clusterId }: Access): void {
  const who = shownPrincipal(principal);
  if (!hasScope(principal, scope)) {
    const held = principal.scopes.length === 0 ? "none" : principal.scopes.join(", ");
    throw new RequestProblem(
      "forbidden",
      `This needs the scope ${scope}; ${who} has ${held}. Ask an administrator for a key with the scope ${scope}.`,
      {
        headers: { "WWW-Authenticate": `Bearer realm="berth", error="insufficient_scope", scope="${scope}"` },
      },
    );
  }
  if (clusterId !== null && !mayTouch(principal, clusterId)) {
    const what = clusterId === "*" ? "all clusters" : `the cluster ${JSON.stringify(clusterId)}`;
    throw new RequestProblem(
      "forbidden",
      `This is about ${what}, and ${who} may not touch ${clusterId === "*" ? "them" : "it"}. ` +
        "Ask an administrator for a key that names it.",
    );
  }
}

/** The principal of a request that has passed authenticate.ts; its absence is a bug in the order of the middleware. */
export function principalOf(response: Response): Principal {
  const { principal } = response.locals;
  if (principal === undefined)
    throw new Error("authenticate() must come before whatever asks for a principal");
  return principal;
}

function shownPrincipal({ id, kind }: Principal): string {
  switch (kind) {
    case "anonymous-loopback":
      return "the anonymous user of the loopback address";
    case "api-key":
      return `the key ${id}`;
    case "jwt":
      return `the token of ${JSON.stringify(id)}`;
  }
}
