import type { ReferenceData } from "../../catalog/reference-data.ts";
import type { ClusterState } from "../../domain/cluster-state.ts";
import type { PolicyName } from "../../planner/policy.ts";
import type { PlanningLoop } from "../planning-loop.ts";

/** What handlers work with. */
export interface ServiceContext {
  readonly loop: PlanningLoop;
  readonly reference: ReferenceData;
  readonly policy: PolicyName;
  /** The visible state brought forward to now: predicted progress and rent included. */
  readonly stateNow: () => ClusterState;
}
