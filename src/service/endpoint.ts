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

/** One operation of the API. */
export interface Endpoint<
  Body extends z.ZodType = z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
  Params extends z.ZodObject = z.ZodObject,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly operationId: string;
  readonly method: "get" | "post" | "delete";
  /** As OpenAPI writes it: "/v1/jobs/{jobId}". */
  readonly path: string;
  readonly tag: "Jobs" | "Planning" | "Predictions" | "Reference data" | "Service";
  readonly summary: string;
  readonly description: string;
  readonly body: BodyDocument<Body>;
  readonly query: Query;
  readonly params: Params;
  readonly reply: {
    readonly status: 200 | 202;
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
>(declared: Endpoint<Body, Query, Params, Reply>): Endpoint<Body, Query, Params, Reply> {
  return declared;
}
