/** What a planner of one cluster is given, and what it tells. */
import type { Logger } from "pino";
import type { ClusterEvent } from "../../domain/event.ts";
import type { Plan } from "../../domain/plan.ts";
import type { DecisionMeans } from "../../planner/decide.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { Store } from "../../store/store.ts";
import type { Clock } from "../clock.ts";

/** What is known of a decision, for logs and metrics. */
export interface DecisionReport {
  readonly clusterId: string;
  readonly plan: Plan;
  readonly tookSeconds: number;
  readonly staleRounds: number;
  readonly eventCount: number;
}

/** What a planner needs. */
export interface ClusterPlannerOptions {
  readonly store: Store;
  readonly clusterId: string;
  /** Of its leadership: a later leader's is larger. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How the cluster decides. */
  readonly meansOf: (cluster: ClusterRecord) => DecisionMeans;
  /** When the cluster's own calendar asks for the next event, and which; null when it does not. */
  readonly nextOccasion: (cluster: ClusterRecord, afterSeconds: number) => Occasion | null;
  /** Until when no plan may be made; null when one may. */
  readonly pausedUntil: (cluster: ClusterRecord, atSeconds: number) => number | null;
  readonly onDecision: (report: DecisionReport) => void;
}

/** An event that the calendar asks for. */
export interface Occasion {
  readonly atSeconds: number;
  readonly eventAt: (cluster: ClusterRecord, atSeconds: number) => ClusterEvent;
}

/** How a planner ended: it was closed, somebody else leads, or the cluster was given up. */
export type PlannerEnd = "closed" | "deposed" | "archived";
