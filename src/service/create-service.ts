/** Puts the service together; it owns its planning loop, and its caller owns the solver. */
import type { Express } from "express";
import type { Logger } from "pino";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { ClusterSettings, ClusterState } from "../domain/cluster-state.ts";
import { emptyCluster } from "../domain/cluster-state.ts";
import type { Plan } from "../domain/plan.ts";
import type { SolveLimits, SolverPort } from "../milp/solver-port.ts";
import { advance } from "../planner/observe.ts";
import type { PolicyName } from "../planner/policy.ts";
import type { EventLog } from "../store/event-log.ts";
import { memoryEventLog } from "../store/memory-event-log.ts";
import { createApp } from "./app.ts";
import type { Clock } from "./clock.ts";
import { PlanningLoop } from "./planning-loop.ts";

/** Limits of live solves: someone waits for the plan, so the clock binds; a gap of 0.1 % is below any prediction's error. */
export const LIVE_LIMITS: SolveLimits = {
  relativeGap: 0.001,
  maxTreeNodes: null,
  deadlineSeconds: 10,
  seed: 1,
};

/** What a service is made of. */
export interface ServiceOptions {
  /** The cluster's limits; where `initial` is given, its state's settings hold. */
  readonly settings: ClusterSettings;
  readonly reference: ReferenceData;
  readonly solver: SolverPort;
  readonly policy: PolicyName;
  /** LIVE_LIMITS when left out. */
  readonly limits?: SolveLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A log in memory when left out. */
  readonly eventLog?: EventLog;
  /** A history to go on from: the state right after `plan` was enacted, or a state without a plan. */
  readonly initial?: { readonly state: ClusterState; readonly plan: Plan | null };
}

/** A service that plans from now on; `app` answers requests once something listens. */
export interface Service {
  readonly app: Express;
  readonly loop: PlanningLoop;
  readonly eventLog: EventLog;
  /** Ends planning. Close the solver at the same time: `Promise.all([service.close(), solver.close()])`. */
  readonly close: () => Promise<void>;
}

/** Makes a service and starts its planning loop. */
export function createService(options: ServiceOptions): Service {
  const { reference, solver, policy, clock, logger } = options;
  const eventLog = options.eventLog ?? memoryEventLog();
  const loop = new PlanningLoop({
    means: { policy, solver, limits: options.limits ?? LIVE_LIMITS, clock: () => clock.nowSeconds() },
    clock,
    eventLog,
    logger,
    initial: options.initial ?? { state: emptyCluster(options.settings), plan: null },
  });
  const stateNow = (): ClusterState => {
    const { state } = loop.view();
    return advance(state, Math.max(clock.nowSeconds(), state.nowSeconds ?? -Infinity));
  };
  const app = createApp({ loop, reference, policy, stateNow }, logger);
  loop.start();
  return { app, loop, eventLog, close: () => loop.close() };
}
