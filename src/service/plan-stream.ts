/** Plans as Server-Sent Events (WHATWG HTML, "Server-sent events"): none left out, none twice, in order. */
import type { Response } from "express";
import { planSummaryView } from "../report/plan-summary-view.ts";
import type { ServiceContext } from "./routes/service-context.ts";
import { knownCluster } from "./routes/service-context.ts";

/** A comment this often keeps proxies from closing a quiet connection; a ring that was lost is made up for then, too. */
const HEARTBEAT_SECONDS = 5;
const PLANS_PER_READ = 50;
/** Bytes that a client may be behind before it is cut off; it comes back with Last-Event-ID. */
const MAX_UNSENT_BYTES = 1_000_000;
/** What a browser waits before it comes back. */
const RETRY_MILLISECONDS = 1000;

/** Writes plans after a revision, or from the one in force on, until the client goes. Throws UnknownCluster before anything is written. */
export async function streamPlans(
  { store, bell, clock, onDrain }: Pick<ServiceContext, "store" | "bell" | "clock" | "onDrain">,
  response: Response,
  { clusterId, afterRevision }: { readonly clusterId: string; readonly afterRevision: number | null },
): Promise<void> {
  const { planRevision } = await knownCluster(store, clusterId);
  const inForce = planRevision ?? 0;
  // Whoever has seen later ones saw them in another store, as before one was put back from a backup: it begins anew.
  let last = afterRevision === null || afterRevision > inForce ? inForce - 1 : afterRevision;
  response.set({
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  response.write(`retry: ${RETRY_MILLISECONDS}\n\n`);

  let isOpen = true;
  let wake: () => void = () => undefined;
  let isRung = true;
  const ring = (): void => {
    isRung = true;
    wake();
  };
  const end = (): void => {
    isOpen = false;
    wake();
  };
  const stopListening = bell.listen((change) => {
    if (change.kind === "plan" && change.clusterId === clusterId) ring();
  });
  const stopDraining = onDrain(end);
  response.once("close", end);
  // Reads what is there, then waits for the bell or the heartbeat.
  const isStillOpen = (): boolean => isOpen;
  try {
    while (isStillOpen()) {
      isRung = false;
      const plans = await store.plans.after(clusterId, last, PLANS_PER_READ);
      for (const { plan, commands } of plans) {
        const data = JSON.stringify(planSummaryView(plan, commands));
        response.write(`id: ${plan.revision}\nevent: plan\ndata: ${data}\n\n`);
        last = plan.revision;
      }
      if (response.writableLength > MAX_UNSENT_BYTES) break;
      if (plans.length === PLANS_PER_READ) continue;
      const heard = await new Promise<"ring" | "heartbeat">((resolve) => {
        const callOff = clock.after(HEARTBEAT_SECONDS, () => {
          resolve("heartbeat");
        });
        wake = () => {
          callOff();
          resolve("ring");
        };
        if (isRung || !isOpen) wake();
      });
      if (heard === "heartbeat") response.write(": still here\n\n");
    }
  } finally {
    stopListening();
    stopDraining();
    response.end();
  }
}
