/**
 * An endpoint as data: its schemas serve the request check, the types of its handler, and openapi.yaml.
 */
import { z } from "zod";
import type { ProblemStatus } from "./problem-details.ts";

/** A request body: its schema, and examples by name. */
export interface BodyDocument<Body extends z.ZodType> {
  readonly schema: Body;
  readonly isRequired: boolean;
  /** Refuses, by throwing, what the schema would answer with too many or too little words. */
  readonly precheck?: (body: unknown) => void;
  readonly examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
}

/** Of an operation that reads no body. */
export const NO_BODY: BodyDocument<z.ZodUndefined> = {
  schema: z.undefined(),
  isRequired: false,
  examples: {},
};

/** Whether an operation reads a body. */
export const readsBody = ({ body }: Endpoint): boolean => body !== NO_BODY;

/** The cluster that paths without a cluster are about, so that who has one cluster need not name it. */
export const DEFAULT_CLUSTER_ID = "default";

/** What a principal must be allowed to do: nothing, or what the word says (src/service/security). */
export type EndpointAccess = "open" | "submit" | "plan" | "admin";

/** One operation of the API. */
export interface Endpoint<
  Body extends z.ZodType = z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
  Params extends z.ZodObject = z.ZodObject,
  Reply extends z.ZodType = z.ZodType,
  Headers extends z.ZodObject = z.ZodObject,
> {
  readonly operationId: string;
  readonly method: "get" | "post" | "delete" | "patch" | "put";
  /** Of a cluster: the path is below /v1/clusters/{clusterId}, and below /v1 for the default cluster. */
  readonly scope: "service" | "cluster";
  readonly access: EndpointAccess;
  /** As OpenAPI writes it: "/jobs/{jobId}" of a cluster, "/v1/catalog" of the service. */
  readonly path: string;
  readonly tag:
    | "Jobs"
    | "Planning"
    | "Comparisons"
    | "Campaigns"
    | "Webhooks"
    | "Clusters"
    | "Predictions"
    | "Reference data"
    | "Access"
    | "Service";
  readonly summary: string;
  readonly description: string;
  readonly body: BodyDocument<Body>;
  readonly query: Query;
  readonly params: Params;
  /** Request headers that the operation reads, in lower case. */
  readonly headers: Headers;
  readonly reply: {
    readonly status: 200 | 201 | 202;
    /** "application/json" unless the answer is something else. */
    readonly contentType?: string;
    /** Response headers, described. */
    readonly headers?: z.ZodObject;
    readonly description: string;
    readonly schema: Reply;
    readonly example: z.output<Reply>;
  };
  /** Problems beyond those that any request may meet (see openapi-document.ts). */
  readonly problems: readonly ProblemStatus[];
}

/** Declares an endpoint; exists so that the compiler infers its schemas. */
export function endpoint<
  Body extends z.ZodType,
  Query extends z.ZodObject,
  Params extends z.ZodObject,
  Reply extends z.ZodType,
  Headers extends z.ZodObject = z.ZodObject,
>(declared: Endpoint<Body, Query, Params, Reply, Headers>): Endpoint<Body, Query, Params, Reply, Headers> {
  return declared;
}

/** Where an endpoint is found: the path that names the cluster comes first. */
export function pathsOf({ scope, path }: Pick<Endpoint, "scope" | "path">): readonly string[] {
  return scope === "cluster" ? [`/v1/clusters/{clusterId}${path}`, `/v1${path}`] : [path];
}
