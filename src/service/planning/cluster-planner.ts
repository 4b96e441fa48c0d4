/**
 * The planner of one cluster; there is one at a time, its leader.
 *
 *   catch up   read the events since the last look and fold them
 *   decide     on the folded state
 *   commit     unless events came in meanwhile: then the plan is dropped and everything is posed again, so that bursts coalesce;
 *              after MAX_STALE_ROUNDS in a row, or MAX_STALE_SECONDS, the plan is committed whatever came in, and those events wait for the next
 *              round
 *   wait       for an event, for the next occasion (wake-up, timer H, schedule, price change), or for a while
 *
 * The history is the truth: whatever happens here, a new planner goes on from it. A round that throws is a bug or trouble with the database: it is
 * logged, the fold is thrown away, and planning starts again from the history after a pause.
 */
import { randomUUID } from "node:crypto";
import type { Plan } from "../../domain/plan.ts";
import type { ClusterState } from "../../domain/cluster-state.ts";
import type { DecisionMeans, PlanWithWarmStart } from "../../planner/decide.ts";
import { planWithWarmStart } from "../../planner/decide.ts";
import type { WarmStart } from "../../planner/warm-start.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import { UnknownCluster } from "../../store/store.ts";
import { traced } from "../operations/tracing.ts";
import { eventTime, recordEvent } from "../recording/record-event.ts";
import type { FoldedState } from "./cluster-fold.ts";
import { foldEvents, foldHistory } from "./cluster-fold.ts";
import { commitPlan } from "./commit-plan.ts";
import { placeReasons } from "./place-reasons.ts";
import type { ClusterPlannerOptions, Occasion, PlannerEnd } from "./planner-options.ts";

/** Plans in a row that may be dropped as stale before one is committed in any case. */
export const MAX_STALE_ROUNDS = 3;
/** Bursts are over by then; under a steady stream of events every plan that took longer would be dropped, and the one in force grow old. */
export const MAX_STALE_SECONDS = 1;
/** A ring may be lost: after this the planner looks by itself. */
const LOOK_AGAIN_SECONDS = 2;
const RETRY_SECONDS = 5;
const EVENTS_PER_READ = 5000;
/** Steps of the history after which a new snapshot is kept, and the least time between two. */
const STEPS_PER_SNAPSHOT = 500;
const LEAST_SECONDS_PER_SNAPSHOT = 30;

/** See the file's header. */
export class ClusterPlanner {
  readonly #options: ClusterPlannerOptions;
  #folded: FoldedState | null = null;
  /** Revision of the state right after the last plan; 0 before the first. */
  #plannedRevision = 0;
  #plan: Pick<Plan, "wakeUpAtSeconds" | "decidedAtSeconds"> | null = null;
  #warmStart: WarmStart | null = null;
  #lastOccasionSeconds: number;
  #stepsSinceSnapshot = 0;
  #lastSnapshotSeconds = -Infinity;
  #isClosed = false;
  #isRung = false;
  #wake: () => void = () => undefined;

  constructor(options: ClusterPlannerOptions) {
    this.#options = options;
    this.#lastOccasionSeconds = options.clock.nowSeconds();
  }

  /** Something may have happened. */
  ring(): void {
    this.#isRung = true;
    this.#wake();
  }

  /** Decides nothing more; `run` ends after the step under way. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Plans until it is closed or somebody else leads. */
  async run(): Promise<PlannerEnd> {
    while (!this.#isClosed) {
      try {
        const next = await this.#round();
        if (next !== "go-on") return next;
      } catch (error) {
        if (error instanceof UnknownCluster) return "archived";
        this.#folded = null;
        await this.#say(error);
        await this.#wait(RETRY_SECONDS);
      }
    }
    await this.#keepLastSnapshot();
    return "closed";
  }

  /** A snapshot only makes the next start faster: where the database is gone, as it may be when the lead is lost, the end goes on without it. */
  async #keepLastSnapshot(): Promise<void> {
    const { clusterId, logger } = this.#options;
    await this.#keepSnapshot("now").catch((error: unknown) => {
      logger.warn({ err: error, clusterId }, "the last snapshot could not be kept");
    });
  }

  async #say(error: unknown): Promise<void> {
    const { store, clusterId, logger } = this.#options;
    const correlationId = randomUUID();
    logger.error({ err: error, correlationId, clusterId }, "planning failed; the plan before stays in force");
    const plannerTrouble = `Planning of cluster ${clusterId} failed, and the plan before stays in force; the log has the cause under correlation id ${correlationId}.`;
    await store.clusters.update(clusterId, { plannerTrouble }).catch((second: unknown) => {
      logger.error({ err: second, correlationId, clusterId }, "the failure could not be kept");
    });
  }

  async #round(): Promise<"go-on" | Exclude<PlannerEnd, "closed">> {
    const { clock, pausedUntil } = this.#options;
    this.#isRung = false;
    const { cluster, folded, pending } = await this.#catchUp();
    const nowSeconds = clock.nowSeconds();
    const pauseEndSeconds = pausedUntil(cluster, nowSeconds);
    if (pauseEndSeconds !== null) {
      await this.#wait(Math.min(pauseEndSeconds - nowSeconds, LOOK_AGAIN_SECONDS));
      return "go-on";
    }
    const asked = this.#askedByCalendar(cluster, nowSeconds);
    if (asked !== null) return this.#record(asked);
    if (pending > 0) return this.#decide(cluster, folded, pending);
    // Only where nothing else asks for a decision: a decision that fails again and again must not fill the history with timers.
    if (this.#timerAtSeconds(cluster) <= nowSeconds)
      return this.#record((_, atSeconds) => ({ kind: "timer-elapsed", atSeconds }));
    await this.#wait(Math.min(LOOK_AGAIN_SECONDS, this.#nextDueSeconds(cluster) - nowSeconds));
    return "go-on";
  }

  async #catchUp(): Promise<{
    readonly cluster: ClusterRecord;
    readonly folded: FoldedState;
    readonly pending: number;
  }> {
    const { store, clusterId } = this.#options;
    this.#folded ??= await this.#load();
    // After the history: a state must not know of a change of the configuration that this does not have.
    const cluster = await store.clusters.find(clusterId);
    if (cluster === undefined) throw new UnknownCluster(clusterId);
    let folded = this.#folded;
    while (folded.sequence < cluster.lastSequence) {
      // Not beyond what the cluster's row knows: what came in since may go with another configuration.
      const limit = Math.min(EVENTS_PER_READ, cluster.lastSequence - folded.sequence);
      const events = await store.history.events(clusterId, folded.sequence, limit);
      if (events.length === 0) throw new Error(`Events of cluster ${clusterId} are missing`);
      folded = foldEvents(folded, events);
      this.#stepsSinceSnapshot += events.length;
      this.#folded = folded;
    }
    return { cluster, folded, pending: folded.state.revision - this.#plannedRevision };
  }

  async #load(): Promise<FoldedState> {
    const { store, clusterId } = this.#options;
    const cluster = await store.clusters.find(clusterId);
    if (cluster === undefined) throw new UnknownCluster(clusterId);
    const { folded, pending } = await foldHistory(store, clusterId, await store.latestSnapshot(clusterId));
    const last = await store.plans.before(clusterId, Number.MAX_SAFE_INTEGER, 1);
    this.#plan = last[0]?.plan ?? null;
    this.#plannedRevision = folded.planNumber === 0 ? 0 : folded.state.revision;
    this.#lastOccasionSeconds = cluster.lastAtSeconds ?? this.#options.clock.nowSeconds();
    this.#options.logger.info(
      { clusterId, revision: cluster.planRevision, events: folded.sequence + pending.length },
      "history folded",
    );
    return foldEvents(folded, pending);
  }

  async #decide(
    cluster: ClusterRecord,
    folded: FoldedState,
    eventCount: number,
  ): Promise<"go-on" | "deposed"> {
    const { store, clusterId, clock, epoch, meansOf, onDecision } = this.#options;
    const startedAtSeconds = clock.nowSeconds();
    let decidedOn = folded;
    let present = cluster;
    for (let staleRounds = 0; ; staleRounds += 1) {
      const means = meansOf(present);
      const { plan, warmStart } = await this.#tracedDecision(decidedOn.state, means);
      this.#warmStart = warmStart;
      if (this.#isClosed) return "go-on";
      const decided = { plan, decidedOn, epoch, reasons: placeReasons(decidedOn.state, plan, means.policy) };
      const isPatienceOver =
        staleRounds >= MAX_STALE_ROUNDS || clock.nowSeconds() - startedAtSeconds >= MAX_STALE_SECONDS;
      const mayBeStale = isPatienceOver ? "yes" : "no";
      const commitment = await traced("commit plan", { "berth.cluster": clusterId }, async (span) => {
        const outcome = await commitPlan(store, clusterId, { decided, mayBeStale });
        span.setAttribute("berth.outcome", outcome.kind);
        return outcome;
      });
      if (commitment.kind === "deposed") return "deposed";
      if (commitment.kind === "in-force") {
        this.#folded = commitment.folded;
        this.#plan = plan;
        this.#plannedRevision = commitment.folded.state.revision;
        this.#stepsSinceSnapshot += 1;
        onDecision({
          clusterId,
          plan,
          tookSeconds: clock.nowSeconds() - startedAtSeconds,
          staleRounds,
          eventCount,
        });
        await this.#keepSnapshot("when-due");
        return "go-on";
      }
      // Also what the cluster is like now: its policy may be another.
      const caughtUp = await this.#catchUp();
      if (caughtUp.cluster.plannerEpoch !== epoch) return "deposed";
      decidedOn = caughtUp.folded;
      present = caughtUp.cluster;
    }
  }

  #tracedDecision(state: ClusterState, means: DecisionMeans): Promise<PlanWithWarmStart> {
    const attributes = { "berth.cluster": this.#options.clusterId, "berth.revision": state.revision };
    return traced("decide", attributes, async (span) => {
      const decision = await planWithWarmStart(state, { ...means, warmStart: this.#warmStart });
      const { policy, proof } = decision.plan;
      span.setAttributes({ "berth.policy": policy, "berth.stop_reason": proof.stopReason });
      if (proof.gap !== null) span.setAttribute("berth.gap", proof.gap);
      return decision;
    });
  }

  #askedByCalendar(cluster: ClusterRecord, nowSeconds: number): Occasion["eventAt"] | null {
    const occasion = this.#options.nextOccasion(cluster, this.#lastOccasionSeconds);
    if (occasion === null || occasion.atSeconds > nowSeconds) return null;
    this.#lastOccasionSeconds = nowSeconds;
    return occasion.eventAt;
  }

  /** The plan's wake-up, or H after it; at once where there is no plan yet. */
  #timerAtSeconds(cluster: ClusterRecord): number {
    const plan = this.#plan;
    if (plan === null) return -Infinity;
    if (plan.wakeUpAtSeconds === null) return Infinity;
    return Math.min(plan.wakeUpAtSeconds, plan.decidedAtSeconds + cluster.settings.replanIntervalSeconds);
  }

  #nextDueSeconds(cluster: ClusterRecord): number {
    const occasion = this.#options.nextOccasion(cluster, this.#lastOccasionSeconds);
    return Math.min(this.#timerAtSeconds(cluster), occasion?.atSeconds ?? Infinity);
  }

  async #record(make: Occasion["eventAt"]): Promise<"go-on" | "deposed"> {
    const { store, clusterId, clock, epoch } = this.#options;
    const isLeader = await store.write(clusterId, async (locked) => {
      if (locked.cluster.plannerEpoch !== epoch) return false;
      const event = make(locked.cluster, eventTime(locked, clock.nowSeconds()));
      await recordEvent(locked, { event, cause: { principal: null, requestId: null } });
      return true;
    });
    return isLeader ? "go-on" : "deposed";
  }

  async #keepSnapshot(when: "now" | "when-due"): Promise<void> {
    const folded = this.#folded;
    const nowSeconds = this.#options.clock.nowSeconds();
    const isDue =
      this.#stepsSinceSnapshot >= STEPS_PER_SNAPSHOT &&
      nowSeconds - this.#lastSnapshotSeconds >= LEAST_SECONDS_PER_SNAPSHOT;
    if (folded === null || this.#stepsSinceSnapshot === 0 || (when === "when-due" && !isDue)) return;
    // Only right after a plan: a plan that is committed later must not come before events that are in the snapshot.
    if (folded.state.revision !== this.#plannedRevision) return;
    await this.#options.store.keepSnapshot(this.#options.clusterId, {
      state: folded.state,
      afterSequence: folded.sequence,
      planNumber: folded.planNumber,
    });
    this.#stepsSinceSnapshot = 0;
    this.#lastSnapshotSeconds = nowSeconds;
  }

  async #wait(seconds: number): Promise<void> {
    if (this.#isClosed || this.#isRung) return;
    await new Promise<void>((resolve) => {
      const callOff = this.#options.clock.after(Math.max(0, seconds), resolve);
      this.#wake = () => {
        callOff();
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}
