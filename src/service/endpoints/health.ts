/** Endpoints for whoever runs the service, as data. */
import { z } from "zod";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { noParameters } from "./parameters.ts";

/** GET /healthz */
export const getHealth = endpoint({
  operationId: "getHealth",
  method: "get",
  path: "/healthz",
  tag: "Service",
  summary: "Is the process alive?",
  description: "Answers as long as the process does; restart it when this fails.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  reply: {
    status: 200,
    description: "It is.",
    schema: z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" }),
    example: { status: "ok" },
  },
  problems: [],
});

/** GET /readyz */
export const getReadiness = endpoint({
  operationId: "getReadiness",
  method: "get",
  path: "/readyz",
  tag: "Service",
  summary: "Can plans be relied on?",
  description:
    "503, with the reason, until the first plan is decided, and from a failed decision until the next one succeeds.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  reply: {
    status: 200,
    description: "They can.",
    schema: z
      .strictObject({
        status: z.literal("ready"),
        pendingEventCount: z
          .int()
          .min(0)
          .meta({ description: "Events taken in that no plan knows yet.", example: 0 }),
      })
      .meta({ id: "Readiness" }),
    example: { status: "ready", pendingEventCount: 0 },
  },
  problems: [503],
});
