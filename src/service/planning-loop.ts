/**
 * The live planning loop: one serial mailbox, one solve at a time.
 *
 *   submit   an event is checked against the visible state, kept in the event log, put into the mailbox, and acknowledged
 *   round    drain the mailbox → observe → planWithWarmStart → enact, and keep the plan's revision and commands
 *   stale    events came in during the solve: the plan is dropped, everything is posed again (so bursts coalesce);
 *            after MAX_STALE_ROUNDS in a row the next plan is enacted whatever comes in, and those events wait in the mailbox
 *   timer    one, at the plan's next decision
 *
 * The visible state is the enacted one with all acknowledged events folded in. A planning round that throws is a bug: it is logged, the
 * events that it had drained stay in the state, and the loop goes on.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { Command, Plan } from "../domain/plan.ts";
import type { DecisionMeans } from "../planner/decide.ts";
import { planWithWarmStart } from "../planner/decide.ts";
import { commandsBetween, enact } from "../planner/enact.ts";
import { observe } from "../planner/observe.ts";
import type { WarmStart } from "../planner/warm-start.ts";
import type { EventLog, SequencedEvent } from "../store/event-log.ts";
import type { Clock } from "./clock.ts";

/** Plans in a row that may be dropped as stale before one is enacted in any case. */
export const MAX_STALE_ROUNDS = 3;
/** After a failed round, try again at the latest after this; sooner where H is shorter. */
const RETRY_SECONDS = 60;

/** A plan in force, the state that it was decided on, and what it took to follow it. */
export interface EnactedPlan {
  readonly plan: Plan;
  readonly decidedOn: ClusterState;
  readonly commands: readonly Command[];
}

/** Whether the service can be relied on for plans. */
export type Readiness = { readonly kind: "ready" } | { readonly kind: "not-ready"; readonly reason: string };

/** What the loop knows at one moment. */
export interface LoopView {
  /** The enacted state with all acknowledged events folded in. */
  readonly state: ClusterState;
  /** null before the first decision. */
  readonly enacted: EnactedPlan | null;
  /** Acknowledged events that no plan knows yet. */
  readonly pendingEventCount: number;
  readonly readiness: Readiness;
}

/** An acknowledged event. A plan knows it when the plan's revision is at least this one. */
export interface Accepted<Event extends ClusterEvent> {
  readonly event: Event;
  readonly revision: number;
}

/** Raised by `submit` once the loop is closed. */
export class LoopClosed extends Error {
  override readonly name = "LoopClosed";
}

/** What a loop needs. */
export interface PlanningLoopOptions {
  readonly means: DecisionMeans;
  readonly clock: Clock;
  readonly eventLog: EventLog;
  readonly logger: Logger;
  /** A state, and the plan that was enacted last in it, if any. */
  readonly initial: { readonly state: ClusterState; readonly plan: Plan | null };
}

/** See the file's header. `start` it once; `close` it to let the process end. */
export class PlanningLoop {
  readonly #options: PlanningLoopOptions;
  /** Enacted, plus the events drained since. */
  #base: ClusterState;
  #visible: ClusterState;
  readonly #mailbox: SequencedEvent[] = [];
  #enacted: EnactedPlan | null;
  #enactedRevision: number;
  #lastDrainedSequence = 0;
  #readiness: Readiness;
  /** What the last solve learnt, stale or not; it only makes the next one faster. */
  #warmStart: WarmStart | null = null;
  /** Ends when all events submitted so far are accepted or refused. */
  #acceptance: Promise<unknown> = Promise.resolve();
  #isPlanning = false;
  #planning: Promise<void> = Promise.resolve();
  #isClosed = false;
  #callOffTimer: () => void = () => undefined;

  constructor(options: PlanningLoopOptions) {
    const { state, plan } = options.initial;
    this.#options = options;
    this.#base = state;
    this.#visible = state;
    this.#enactedRevision = state.revision;
    this.#enacted = plan === null ? null : { plan, decidedOn: state, commands: [] };
    this.#readiness =
      plan === null ? { kind: "not-ready", reason: "No plan has been decided yet." } : { kind: "ready" };
  }

  /** Decides for the first time, or waits for the next decision of the plan that was handed over. */
  start(): void {
    if (this.#enacted === null) this.#tick();
    else this.#armTimer();
  }

  /**
   * Makes an event on the visible state and takes it in; one at a time, so that `make` sees everything accepted before.
   * Whatever `make` throws comes back, and nothing has changed.
   */
  submit<Event extends ClusterEvent>(
    make: (visible: ClusterState, atSeconds: number) => Event,
  ): Promise<Accepted<Event>> {
    const accepted = this.#acceptance.then(() => this.#accept(make));
    this.#acceptance = accepted.catch(() => undefined);
    return accepted;
  }

  /** What the loop knows now. */
  view(): LoopView {
    return {
      state: this.#visible,
      enacted: this.#enacted,
      pendingEventCount: this.#visible.revision - this.#enactedRevision,
      readiness: this.#readiness,
    };
  }

  /** Resolves when nothing is being accepted or planned. */
  async idle(): Promise<void> {
    let acceptance: Promise<unknown>;
    do {
      acceptance = this.#acceptance;
      await acceptance;
      await this.#planning;
    } while (this.#isPlanning || acceptance !== this.#acceptance);
  }

  /** Takes no more events, decides nothing more, and waits for the solve under way; close the solver at the same time to cut it short. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#callOffTimer();
    await this.#acceptance;
    await this.#planning;
  }

  /** Time never runs backwards: an event is at the last one's time at the earliest. */
  #nowSeconds(): number {
    return Math.max(this.#options.clock.nowSeconds(), this.#visible.nowSeconds ?? -Infinity);
  }

  async #accept<Event extends ClusterEvent>(
    make: (visible: ClusterState, atSeconds: number) => Event,
  ): Promise<Accepted<Event>> {
    if (this.#isClosed) throw new LoopClosed("The service is shutting down.");
    const event = make(this.#visible, this.#nowSeconds());
    // An event that does not apply is a bug, and must not get into the log.
    observe(this.#visible, event);
    const sequence = await this.#options.eventLog.appendEvent(event);
    this.#mailbox.push({ sequence, event });
    this.#visible = observe(this.#visible, event);
    const { revision } = this.#visible;
    if (!this.#isPlanning) {
      this.#isPlanning = true;
      this.#planning = this.#planUntilQuiet();
    }
    return { event, revision };
  }

  async #planUntilQuiet(): Promise<void> {
    this.#callOffTimer();
    while (this.#mailbox.length > 0 && !this.#isClosed) await this.#round();
    // In the same step as the check above: an event accepted from here on starts planning anew.
    this.#isPlanning = false;
    this.#armTimer();
  }

  async #round(): Promise<void> {
    const { clock, logger, means } = this.#options;
    const startedAtSeconds = clock.nowSeconds();
    try {
      for (let staleRounds = 0; ; staleRounds += 1) {
        this.#drain();
        const { plan, warmStart } = await planWithWarmStart(this.#base, {
          ...means,
          warmStart: this.#warmStart,
        });
        this.#warmStart = warmStart;
        if (this.#isClosed) return;
        if (this.#mailbox.length === 0 || staleRounds >= MAX_STALE_ROUNDS) {
          await this.#enact(plan);
          this.#readiness = { kind: "ready" };
          const tookSeconds = clock.nowSeconds() - startedAtSeconds;
          logger.info({ ...summaryOf(plan), staleRounds, tookSeconds }, "plan enacted");
          return;
        }
        logger.debug({ revision: plan.revision }, "plan dropped: it is stale");
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #drain(): void {
    const drained = this.#mailbox.splice(0);
    this.#base = drained.reduce((state, { event }) => observe(state, event), this.#base);
    this.#lastDrainedSequence = drained.at(-1)?.sequence ?? this.#lastDrainedSequence;
  }

  async #enact(plan: Plan): Promise<void> {
    const decidedOn = this.#base;
    const commands = commandsBetween(decidedOn.allocation, plan.allocation);
    const state = enact(decidedOn, plan);
    await this.#options.eventLog.appendPlan({ plan, commands, lastEventSequence: this.#lastDrainedSequence });
    this.#base = state;
    this.#visible = this.#mailbox.reduce((visible, { event }) => observe(visible, event), state);
    this.#enactedRevision = state.revision;
    this.#enacted = { plan, decidedOn, commands };
  }

  #fail(error: unknown): void {
    const correlationId = randomUUID();
    this.#options.logger.error(
      { err: error, correlationId, revision: this.#base.revision },
      "planning failed",
    );
    const last = this.#enacted === null ? "there is no plan yet" : "the plan before it stays in force";
    this.#readiness = {
      kind: "not-ready",
      reason: `Planning failed and ${last}; the log has the cause under correlation id ${correlationId}.`,
    };
  }

  #armTimer(): void {
    this.#callOffTimer();
    if (this.#isClosed) return;
    const dueAtSeconds = this.#nextDecisionAtSeconds();
    if (dueAtSeconds === null) return;
    this.#callOffTimer = this.#options.clock.after(dueAtSeconds - this.#nowSeconds(), () => {
      // A clock may call early, where the delay is longer than it can wait.
      if (this.#nowSeconds() < dueAtSeconds) this.#armTimer();
      else this.#tick();
    });
  }

  #nextDecisionAtSeconds(): number | null {
    const { replanIntervalSeconds } = this.#visible.settings;
    if (this.#readiness.kind === "not-ready")
      return this.#nowSeconds() + Math.min(RETRY_SECONDS, replanIntervalSeconds);
    const plan = this.#enacted?.plan;
    if (plan === undefined || plan.wakeUpAtSeconds === null) return null;
    return Math.min(plan.wakeUpAtSeconds, plan.decidedAtSeconds + replanIntervalSeconds);
  }

  #tick(): void {
    this.submit((_, atSeconds) => ({ kind: "timer-elapsed", atSeconds })).catch((error: unknown) => {
      if (error instanceof LoopClosed) return;
      this.#fail(error);
      this.#armTimer();
    });
  }
}

function summaryOf({ revision, allocation, rentPerHourUsd, proof }: Plan): Readonly<Record<string, unknown>> {
  return { revision, nodeCount: allocation.nodes.length, rentPerHourUsd, ...proof };
}
