/** Puts the HTTP side of the service together; planning happens elsewhere (planning/planner-host.ts), and both meet in the store. */
import type { Express } from "express";
import type { Logger } from "pino";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { SolverPort } from "../milp/solver-port.ts";
import type { ChangeBell } from "../store/change-bell.ts";
import type { Store } from "../store/store.ts";
import type { Guards } from "./app.ts";
import { createApp } from "./app.ts";
import type { Clock } from "./clock.ts";
import { jobMakers } from "./job-makers.ts";
import type { WebhookRules } from "./security/webhook-target.ts";

/** What the HTTP side is made of; its caller owns all of it. */
export interface ServiceOptions {
  readonly store: Store;
  readonly bell: ChangeBell;
  readonly reference: ReferenceData;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly guards: Guards;
  /** For questions that a request waits for. */
  readonly solver: SolverPort;
  /** Where webhooks may be sent. */
  readonly webhookRules: WebhookRules;
}

/** A service that answers requests once something listens. */
export interface Service {
  readonly app: Express;
  /** From now on it says that it is not ready. */
  readonly drain: () => void;
}

/** See the file's header. */
export function createService(options: ServiceOptions): Service {
  const { store, bell, reference, clock, logger, guards, solver, webhookRules } = options;
  let isDraining = false;
  const atDrain = new Set<() => void>();
  const app = createApp(
    {
      store,
      bell,
      reference,
      clock,
      solver,
      webhookRules,
      jobMakers: jobMakers(reference),
      isDraining: () => isDraining,
      onDrain: (call) => {
        atDrain.add(call);
        return () => {
          atDrain.delete(call);
        };
      },
    },
    guards,
    logger,
  );
  return {
    app,
    drain: () => {
      isDraining = true;
      for (const call of [...atDrain]) call();
    },
  };
}
