/** Binds endpoints to handlers and mounts them: checks requests, answers, and says which methods a path takes. */
import { createHash } from "node:crypto";
import type { Express, Request, RequestHandler, Response } from "express";
import { z } from "zod";
import { parseInput } from "../catalog/parse-json-file.ts";
import type { Endpoint } from "./endpoint.ts";
import { DEFAULT_CLUSTER_ID, pathsOf, readsBody } from "./endpoint.ts";
import { clusterParameters, matches } from "./endpoints/parameters.ts";
import { readJsonBody } from "./json-body.ts";
import { authorize } from "./security/authorize.ts";
import type { ClusterAccess } from "./security/principal.ts";
import { RequestProblem } from "./problem-details.ts";

/** An endpoint's request after its checks. */
export interface CheckedRequest<Body, Query, Params, Headers = Record<string, unknown>> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Params;
  readonly headers: Headers;
  /** The cluster that the request is about; of the service's own endpoints the default one. */
  readonly clusterId: string;
  /** Who asks. */
  readonly principalId: string;
  /** The clusters that whoever asks may know of. */
  readonly clusterAccess: ClusterAccess;
  readonly requestId: string;
}

/** An endpoint that knows how to answer. */
export interface Route {
  readonly endpoint: Pick<Endpoint, "method" | "path" | "scope" | "access">;
  readonly handlers: readonly RequestHandler[];
}

/** An answer with response headers, or with a status other than the endpoint's. */
export class Answered<Reply> {
  readonly body: Reply;
  readonly headers: Readonly<Record<string, string>>;

  constructor(body: Reply, headers: Readonly<Record<string, string>>) {
    this.body = body;
    this.headers = headers;
  }
}

/** A body as a string or as its UTF-8 bytes. */
export type BodyText = string | Buffer;

/** A body that is only made when the client has not seen it: `tag` names its version. */
export class Tagged {
  /** Without quotes. */
  readonly tag: string;
  readonly text: () => BodyText | Promise<BodyText>;

  constructor(tag: string, text: () => BodyText | Promise<BodyText>) {
    this.tag = tag;
    this.text = text;
  }
}

/** Binds an endpoint to the function that answers it; the compiler holds its answer to the endpoint's schema. */
export function route<
  Body extends z.ZodType,
  Query extends z.ZodObject,
  Params extends z.ZodObject,
  Reply extends z.ZodType,
  Headers extends z.ZodObject,
>(
  endpoint: Endpoint<Body, Query, Params, Reply, Headers>,
  answer: (
    request: CheckedRequest<z.output<Body>, z.output<Query>, z.output<Params>, z.output<Headers>>,
  ) => Answer<z.output<Reply>> | Promise<Answer<z.output<Reply>>>,
): Route {
  return rawRoute(endpoint, async (checked, request, response) => {
    const answered = await answer(checked);
    const { status, contentType = "application/json" } = endpoint.reply;
    if (answered instanceof Tagged) {
      await sendTagged(answered, contentType, { request, response });
      return;
    }
    const { body, headers } = answered instanceof Answered ? answered : { body: answered, headers: {} };
    response.set(headers).status(status);
    if ("if-none-match" in endpoint.headers.shape)
      await sendTagged(taggedByContent(body), contentType, { request, response });
    else response.json(body);
  });
}

type Answer<Reply> = Reply | Answered<Reply> | Tagged;

/** As `route`, for answers that are no single JSON text: the handler writes the response itself. */
export function rawRoute<
  Body extends z.ZodType,
  Query extends z.ZodObject,
  Params extends z.ZodObject,
  Reply extends z.ZodType,
  Headers extends z.ZodObject,
>(
  endpoint: Endpoint<Body, Query, Params, Reply, Headers>,
  answer: (
    checked: CheckedRequest<z.output<Body>, z.output<Query>, z.output<Params>, z.output<Headers>>,
    request: Request,
    response: Response,
  ) => void | Promise<void>,
): Route {
  const { body, query, params, headers } = endpoint;
  const handle: RequestHandler = async (request, response) => {
    const { clusterId } = parseInput(clusterInPath, request.params, "path");
    const given = Object.fromEntries(
      Object.keys(headers.shape).flatMap((name) => {
        const value = request.headers[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const checked = {
      clusterId,
      principalId: response.locals.principal?.id ?? "anonymous",
      clusterAccess: response.locals.principal?.clusters ?? [],
      requestId: typeof request.id === "string" ? request.id : "",
      params: parseInput(params, pathOf(request, endpoint), "path"),
      query: parseInput(query, { ...request.query }, "query"),
      headers: parseInput(headers, given, "headers"),
    };
    body.precheck?.(request.body);
    await answer({ ...checked, body: parseInput(body.schema, request.body, "body") }, request, response);
  };
  return { endpoint, handlers: readsBody(endpoint) ? [...readJsonBody(), handle] : [handle] };
}

const clusterInPath = z.object({ clusterId: clusterParameters.shape.clusterId.default(DEFAULT_CLUSTER_ID) });

/** The path parameters that an endpoint's own schema is about: of a cluster's endpoint not the cluster. */
function pathOf(request: Request, { scope }: Pick<Endpoint, "scope">): Readonly<Record<string, unknown>> {
  const { clusterId, ...own } = request.params;
  return scope === "cluster" || clusterId === undefined ? own : request.params;
}

/** For answers whose version nothing names but themselves: what they say is their version. */
function taggedByContent(body: unknown): Tagged {
  const json = JSON.stringify(body);
  return new Tagged(createHash("sha256").update(json).digest("base64url"), () => json);
}

/** 304 where the client has this version already. Cache-Control: no-cache, which fetch sends along, speaks to caches and not to us. */
async function sendTagged(
  { tag, text }: Tagged,
  contentType: string,
  { request, response }: { readonly request: Request; readonly response: Response },
): Promise<void> {
  response.set("ETag", `W/"${tag}"`);
  const seen = request.get("If-None-Match");
  if (seen !== undefined && matches(seen, tag)) {
    response.status(304).end();
    return;
  }
  response.type(contentType).send(await text());
}

/** Mounts routes; a path that is asked with another method answers 405 with Allow. */
export function mountRoutes(app: Express, routes: readonly Route[]): void {
  const placed = routes.flatMap((entry) => pathsOf(entry.endpoint).map((path) => ({ path, ...entry })));
  for (const path of new Set(placed.map((entry) => entry.path))) {
    const ofPath = placed.filter((entry) => entry.path === path);
    const mounted = app.route(path.replaceAll(/\{(\w+)\}/g, ":$1"));
    for (const { endpoint, handlers } of ofPath) mounted[endpoint.method](...accessOf(endpoint), ...handlers);
    mounted.all(methodNotAllowed(ofPath.map(({ endpoint }) => endpoint.method)));
  }
}

/** Who may come here, and that a cluster's paths without its id are about the default cluster. */
function accessOf({ access, scope }: Route["endpoint"]): readonly RequestHandler[] {
  if (access === "open") return [];
  return [
    authorize({
      scope: access,
      clusterOf: ({ params }) => {
        const { clusterId } = params;
        if (typeof clusterId === "string") return clusterId;
        return scope === "cluster" ? DEFAULT_CLUSTER_ID : null;
      },
    }),
  ];
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
