/**
 * The cluster's state as a fold of its history. Events come in their order; a plan comes after the last event that it knew, so that events
 * which arrived while it was decided apply on top of it.
 */
import type { ClusterState } from "../domain/cluster-state.ts";
import type { ClusterEvent } from "../domain/event.ts";
import type { AllocationDelta } from "../domain/allocation-delta.ts";
import { applyDelta } from "../domain/allocation-delta.ts";
import { enactAllocation } from "./enact.ts";
import { observe } from "./observe.ts";

/** One step of a history. */
export type HistoryStep =
  | { readonly kind: "event"; readonly event: ClusterEvent }
  | { readonly kind: "plan"; readonly delta: AllocationDelta };

/** The state after one more step. Throws where the step does not apply: the history is then not this state's. */
export function replayStep(state: ClusterState, step: HistoryStep): ClusterState {
  return step.kind === "event"
    ? observe(state, step.event)
    : enactAllocation(state, applyDelta(state.allocation, step.delta));
}
