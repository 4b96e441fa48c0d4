/** Binds endpoints to handlers and mounts them: checks requests, answers, and says which methods a path takes. */
import type { Express, RequestHandler } from "express";
import type { z } from "zod";
import { parseInput } from "../catalog/parse-json-file.ts";
import type { Endpoint } from "./endpoint.ts";
import { readsBody } from "./endpoint.ts";
import { readJsonBody } from "./json-body.ts";
import { RequestProblem } from "./problem-details.ts";

/** An endpoint's request after its checks. */
export interface CheckedRequest<Body, Query, Params> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Params;
}

/** An endpoint that knows how to answer. */
export interface Route {
  readonly endpoint: Pick<Endpoint, "method" | "path">;
  readonly handlers: readonly RequestHandler[];
}

/** Binds an endpoint to the function that answers it; the compiler holds its answer to the endpoint's schema. */
export function route<
  Body extends z.ZodType,
  Query extends z.ZodObject,
  Params extends z.ZodObject,
  Reply extends z.ZodType,
>(
  endpoint: Endpoint<Body, Query, Params, Reply>,
  answer: (
    request: CheckedRequest<z.output<Body>, z.output<Query>, z.output<Params>>,
  ) => z.output<Reply> | Promise<z.output<Reply>>,
): Route {
  const { body, query, params, reply } = endpoint;
  const handle: RequestHandler = async (request, response) => {
    const checked = {
      params: parseInput(params, request.params, "path"),
      query: parseInput(query, { ...request.query }, "query"),
    };
    body.precheck?.(request.body);
    const answered = await answer({ ...checked, body: parseInput(body.schema, request.body, "body") });
    response.status(reply.status).json(answered);
  };
  return { endpoint, handlers: readsBody(endpoint) ? [...readJsonBody(), handle] : [handle] };
}

/** Mounts routes; a path that is asked with another method answers 405 with Allow. */
export function mountRoutes(app: Express, routes: readonly Route[]): void {
  const paths = new Set(routes.map((entry) => entry.endpoint.path));
  for (const path of paths) {
    const ofPath = routes.filter((entry) => entry.endpoint.path === path);
    const mounted = app.route(path.replaceAll(/\{(\w+)\}/g, ":$1"));
    for (const { endpoint, handlers } of ofPath) mounted[endpoint.method](...handlers);
    mounted.all(methodNotAllowed(ofPath.map(({ endpoint }) => endpoint.method)));
  }
}

/** Answers 405 with the methods that are allowed; HEAD comes with GET. */
export function methodNotAllowed(methods: readonly Endpoint["method"][]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
  const allow = allowed.sort().join(", ");
  return (request) => {
    throw new RequestProblem("method-not-allowed", `${request.method} is not taken here; use ${allow}.`, {
      headers: { Allow: allow },
    });
  };
}
