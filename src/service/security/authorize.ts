/** Middleware for routes: refuses principals without the scope or the cluster that a route is about. */
import type { Request, RequestHandler } from "express";
import type { Scope } from "./principal.ts";
import { principalOf, requireAccess } from "./principal.ts";

/** What a route needs. */
export interface RouteAccess {
  readonly scope: Scope;
  /** The cluster that a request is about, "*" for all, null for none; the path parameter `clusterId`, or null, when left out. */
  readonly clusterOf?: (request: Request) => string | null;
}

/** Lets a request through whose principal may do this; else answers 403 naming what is missing. */
export function authorize({ scope, clusterOf = clusterInPath }: RouteAccess): RequestHandler {
  return (request, response, next) => {
    const clusterId = clusterOf(request);
    // Set before the check, so that the audit log knows what a refused request was about.
    if (clusterId !== null && clusterId !== "*") response.locals.clusterId = clusterId;
    requireAccess(principalOf(response), { scope, clusterId });
    next();
  };
}

const clusterInPath = ({ params }: Request): string | null => {
  const clusterId = params["clusterId"];
  return typeof clusterId === "string" ? clusterId : null;
};
