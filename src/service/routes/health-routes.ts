import { getHealth, getReadiness } from "../endpoints/health.ts";
import { RequestProblem } from "../problem-details.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { ServiceContext } from "./service-context.ts";

/** Answers whether the process lives and whether it can be relied on. */
export function healthRoutes({ store, isDraining }: ServiceContext): readonly Route[] {
  return [
    route(getHealth, () => ({ status: "ok" as const })),
    route(getReadiness, async () => {
      if (isDraining()) throw notReady("The service is shutting down.");
      const clusters = await store.clusters.all().catch((error: unknown) => {
        throw notReady(
          `The store does not answer: ${error instanceof Error ? error.message : "no reason given"}`,
        );
      });
      const waiting = clusters.filter(({ planRevision }) => planRevision === null);
      if (waiting.length > 0)
        throw notReady(`No plan has been decided yet for: ${waiting.map(({ id }) => id).join(", ")}.`);
      const troubled = clusters.find(({ plannerTrouble }) => plannerTrouble !== null);
      if (troubled?.plannerTrouble != null) throw notReady(troubled.plannerTrouble);
      return { status: "ready" as const, clusterCount: clusters.length };
    }),
  ];
}

const notReady = (reason: string): RequestProblem =>
  new RequestProblem("not-ready", reason, { headers: { "Retry-After": "1" } });
