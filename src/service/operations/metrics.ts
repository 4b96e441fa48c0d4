/**
 * What Prometheus reads at /metrics. Every label has few values: clusters and kinds are named by the service, and requests are counted by
 * their route's template, never by their path.
 */
import type { RequestHandler } from "express";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { millisecondsToSeconds } from "../../domain/units.ts";
import type { StatementMeasure } from "../../store/measure-statements.ts";
import type { TakenIn } from "./metered-store.ts";
import type { WorkMetrics } from "./work-metrics.ts";
import { workMetrics } from "./work-metrics.ts";
import { routeTemplate } from "./route-template.ts";

/** A decision, for the metrics. Unknown numbers are null, and then have no series. */
export interface DecisionMeasure {
  readonly clusterId: string;
  readonly policy: string;
  readonly stopReason: string;
  readonly durationSeconds: number;
  /** Distance of objective and bound over the objective, 0 to 1. */
  readonly gap: number | null;
  /** In USD, or in whatever unit the policy's objective has. */
  readonly objective: number | null;
}

/** A cluster as it is now, for the metrics. */
export interface ClusterMeasure {
  readonly clusterId: string;
  /** By status, all of them. */
  readonly jobCounts: Readonly<Record<string, number>>;
  readonly rentPerHourUsd: number;
  /** For reservations, used or not; it is in no node's rent. */
  readonly paidAnywayPerHourUsd: number;
}

/** The service's metrics. Each instance has a registry of its own, so that services of one process stay apart. */
export interface Metrics extends WorkMetrics {
  readonly registry: Registry;
  readonly decided: (measure: DecisionMeasure) => void;
  /**
   * All clusters, in place of what was said before, or null while the store does not answer: no number is shown then. A cluster that is
   * missing twice is gone, and all its series with it; once may be a cluster that was made while the store was asked.
   */
  readonly clustersAre: (measures: readonly ClusterMeasure[] | null) => void;
  readonly tookIn: (taken: TakenIn) => void;
  readonly statementRan: (measure: StatementMeasure) => void;
  /** Middleware that times requests; the first of all. */
  readonly requests: RequestHandler;
  /** Answers GET /metrics. */
  readonly page: RequestHandler;
}

/** Decisions take from milliseconds (a draft) to the deadline of live solves, 10 s, and a little more. */
const DECISION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const REQUEST_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const STORE_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** A client may send any method, and Prometheus would keep a series for each. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Never goes back, unlike the time of day. */
const monotonicSeconds = (): number => millisecondsToSeconds(performance.now());

/** Makes the metrics; Node's own (memory, event loop delay, garbage collection) are among them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const decisions = decisionInstruments(registry);
  const clusters = clusterInstruments(registry);
  const traffic = trafficInstruments(registry);
  const series = new SeriesByCluster();
  return {
    ...workMetrics(registry),
    registry,
    decided: ({ clusterId: cluster, policy, stopReason, durationSeconds, gap, objective }) => {
      const decision = { cluster, policy, stop_reason: stopReason };
      decisions.seconds.observe(decision, durationSeconds);
      series.note(cluster, `seconds ${policy} ${stopReason}`, () => {
        decisions.seconds.remove(decision);
      });
      // What is in force has one gap and one objective: those of the plan before go.
      series.forget(cluster, "gap");
      series.forget(cluster, "objective");
      if (gap !== null) {
        decisions.gapRatio.set({ cluster }, gap);
        series.note(cluster, "gap", () => {
          decisions.gapRatio.remove({ cluster });
        });
      }
      if (objective !== null) {
        decisions.objective.set({ cluster, policy }, objective);
        series.note(cluster, "objective", () => {
          decisions.objective.remove({ cluster, policy });
        });
      }
    },
    clustersAre: (measures) => {
      clusters.jobs.reset();
      clusters.rentPerHourUsd.reset();
      clusters.paidAnywayPerHourUsd.reset();
      clusters.storeAnswers.set(measures === null ? 0 : 1);
      if (measures !== null) series.keepOnly(new Set(measures.map(({ clusterId }) => clusterId)));
      for (const { clusterId: cluster, jobCounts, rentPerHourUsd, paidAnywayPerHourUsd } of measures ?? []) {
        for (const [status, count] of Object.entries(jobCounts))
          clusters.jobs.set({ cluster, status }, count);
        clusters.rentPerHourUsd.set({ cluster }, rentPerHourUsd);
        clusters.paidAnywayPerHourUsd.set({ cluster }, paidAnywayPerHourUsd);
      }
    },
    tookIn: ({ clusterId: cluster, kinds, tardinessCostUsd }) => {
      for (const kind of kinds) traffic.events.inc({ kind });
      clusters.tardinessUsd.inc({ cluster }, tardinessCostUsd);
      series.note(cluster, "tardiness", () => {
        clusters.tardinessUsd.remove({ cluster });
      });
    },
    statementRan: ({ operation, outcome, seconds }) => {
      traffic.storeSeconds.observe({ operation, outcome }, seconds);
    },
    requests: (request, response, next) => {
      const startSeconds = monotonicSeconds();
      response.once("close", () => {
        const type = response.getHeader("content-type");
        if (typeof type === "string" && type.startsWith("text/event-stream")) return;
        traffic.requestSeconds.observe(
          {
            method: METHODS.has(request.method) ? request.method : "other",
            route: routeTemplate(request) ?? "(no route)",
            // 499, as nginx has it: the client hung up before its answer was out.
            status: response.writableFinished ? `${response.statusCode}` : "499",
          },
          monotonicSeconds() - startSeconds,
        );
      });
      next();
    },
    page: async (_request, response) => {
      const text = await registry.metrics();
      response.set("Content-Type", registry.contentType).send(text);
    },
  };
}

/** Which series each cluster has: prom-client removes a series only by all of its labels. */
class SeriesByCluster {
  readonly #removals = new Map<string, Map<string, () => void>>();
  #missing: ReadonlySet<string> = new Set();

  note(cluster: string, name: string, remove: () => void): void {
    const ofCluster = this.#removals.get(cluster) ?? new Map<string, () => void>();
    this.#removals.set(cluster, ofCluster.set(name, remove));
  }

  forget(cluster: string, name: string): void {
    const ofCluster = this.#removals.get(cluster);
    ofCluster?.get(name)?.();
    ofCluster?.delete(name);
  }

  /** Forgets clusters that are neither among these nor were among those of the call before. */
  keepOnly(present: ReadonlySet<string>): void {
    const missing = new Set([...this.#removals.keys()].filter((cluster) => !present.has(cluster)));
    for (const cluster of missing) {
      if (!this.#missing.has(cluster)) continue;
      for (const remove of this.#removals.get(cluster)?.values() ?? []) remove();
      this.#removals.delete(cluster);
    }
    this.#missing = missing;
  }
}

function decisionInstruments(registry: Registry) {
  const registers = [registry];
  return {
    seconds: new Histogram({
      name: "berth_decision_seconds",
      help: "Seconds that a decision took, from posing the problem to the settled plan.",
      labelNames: ["cluster", "policy", "stop_reason"] as const,
      buckets: DECISION_BUCKETS_SECONDS,
      registers,
    }),
    gapRatio: new Gauge({
      name: "berth_plan_gap_ratio",
      help: "Distance of objective and bound over the objective, of the plan in force; absent while there is no bound.",
      labelNames: ["cluster"] as const,
      registers,
    }),
    objective: new Gauge({
      name: "berth_plan_objective",
      help: "Objective of the plan in force, in the unit of its policy.",
      labelNames: ["cluster", "policy"] as const,
      registers,
    }),
  };
}

function clusterInstruments(registry: Registry) {
  const registers = [registry];
  return {
    jobs: new Gauge({
      name: "berth_jobs",
      help: "Jobs by status.",
      labelNames: ["cluster", "status"] as const,
      registers,
    }),
    rentPerHourUsd: new Gauge({
      name: "berth_rent_usd_per_hour",
      help: "Rent of the VMs that are rented now; reserved ones cost nothing more.",
      labelNames: ["cluster"] as const,
      registers,
    }),
    paidAnywayPerHourUsd: new Gauge({
      name: "berth_paid_anyway_usd_per_hour",
      help: "What is paid for reservations now, used or not; with the rent it is the bill.",
      labelNames: ["cluster"] as const,
      registers,
    }),
    storeAnswers: new Gauge({
      name: "berth_store_answers",
      help: "1 where the store answered when the metrics were read; 0 where its numbers are left out.",
      registers,
    }),
    tardinessUsd: new Counter({
      name: "berth_tardiness_usd_total",
      help: "Tardiness costs of the jobs whose completion this process took in.",
      labelNames: ["cluster"] as const,
      registers,
    }),
  };
}

function trafficInstruments(registry: Registry) {
  const registers = [registry];
  return {
    events: new Counter({
      name: "berth_events_total",
      help: "Events that this process took into histories.",
      labelNames: ["kind"] as const,
      registers,
    }),
    requestSeconds: new Histogram({
      name: "berth_http_request_seconds",
      help: "Seconds from a request's arrival to the end of its answer; event streams are left out.",
      labelNames: ["method", "route", "status"] as const,
      buckets: REQUEST_BUCKETS_SECONDS,
      registers,
    }),
    storeSeconds: new Histogram({
      name: "berth_store_seconds",
      help: "Seconds that the database took for a statement of a request; commits wait for the disk.",
      labelNames: ["operation", "outcome"] as const,
      buckets: STORE_BUCKETS_SECONDS,
      registers,
    }),
  };
}
