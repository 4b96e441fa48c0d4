import { getHealth, getReadiness } from "../endpoints/health.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";

/** Answers whether the process lives and whether its plans can be relied on. */
export function healthRoutes({ loop }: ServiceContext): readonly Route[] {
  return [
    route(getHealth, () => ({ status: "ok" as const })),
    route(getReadiness, () => {
      const { readiness, pendingEventCount } = loop.view();
      if (readiness.kind === "ready") return { status: "ready" as const, pendingEventCount };
      throw new RequestProblem("not-ready", readiness.reason, { headers: { "Retry-After": "1" } });
    }),
  ];
}
