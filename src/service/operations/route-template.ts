import type { Request } from "express";

/** The route that a request came to, as the app declares it ("/v1/jobs/:jobId"); null when it came to none. */
export function routeTemplate(request: Request): string | null {
  const route: unknown = request.route;
  if (typeof route !== "object" || route === null || !("path" in route)) return null;
  return typeof route.path === "string" ? `${request.baseUrl}${route.path}` : null;
}
