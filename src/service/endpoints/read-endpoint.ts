/** Reads that a client may keep: they have an ETag, and answer 304 to who has it. */
import type { z } from "zod";
import type { Endpoint } from "../endpoint.ts";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { etagHeaders } from "./accepted.ts";
import { ifNoneMatchHeaders } from "./parameters.ts";

type ReadBody = typeof NO_BODY.schema;
type Read<Query extends z.ZodObject, Params extends z.ZodObject, Reply extends z.ZodType> = Endpoint<
  ReadBody,
  Query,
  Params,
  Reply,
  typeof ifNoneMatchHeaders
>;

/** Declares such a read; says only what is its own. */
export function readEndpoint<Query extends z.ZodObject, Params extends z.ZodObject, Reply extends z.ZodType>(
  declared: Omit<Read<Query, Params, Reply>, "method" | "body" | "headers" | "reply"> & {
    readonly reply: Omit<Read<Query, Params, Reply>["reply"], "status" | "headers">;
  },
): Read<Query, Params, Reply> {
  return endpoint({
    ...declared,
    method: "get",
    body: NO_BODY,
    headers: ifNoneMatchHeaders,
    reply: { ...declared.reply, status: 200, headers: etagHeaders },
  });
}
