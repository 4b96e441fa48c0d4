/** Endpoints for whoever runs the service, as data. */
import { z } from "zod";
import { NO_BODY, endpoint } from "../endpoint.ts";
import { noParameters } from "./parameters.ts";

/** GET /healthz */
export const getHealth = endpoint({
  operationId: "getHealth",
  method: "get",
  scope: "service",
  access: "open",
  path: "/healthz",
  tag: "Service",
  summary: "Is the process alive?",
  description: "Answers as long as the process does; restart it when this fails.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  headers: noParameters,
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
  scope: "service",
  access: "open",
  path: "/readyz",
  tag: "Service",
  summary: "Can plans be relied on?",
  description:
    "503, with the reason, while the store does not answer, while a cluster has no plan yet, and while the service shuts down.",
  body: NO_BODY,
  query: noParameters,
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "They can.",
    schema: z
      .strictObject({
        status: z.literal("ready"),
        clusterCount: z.int().min(0).meta({ description: "Clusters that have a plan.", example: 1 }),
      })
      .meta({ id: "Readiness" }),
    example: { status: "ready", clusterCount: 1 },
  },
  problems: [503],
});
