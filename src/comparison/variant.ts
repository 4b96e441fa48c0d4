/** What a variant changes, in words of the domain. Every field but the name may be null: nothing changes there. */
import type { DurationTable } from "../domain/duration-table.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { JobId, VmTypeId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { PolicyName } from "../planner/policy.ts";

/** Which durations a decision counts on: the predicted median, or the upper end of the 80 % interval, which nine of ten runs do not exceed. */
export const DURATION_PERCENTILES = ["P50", "P90"] as const;
export type DurationPercentile = (typeof DURATION_PERCENTILES)[number];

/** Kinds of discount; both count on hours rented only. */
export const DISCOUNT_KINDS = ["reserved", "spot"] as const;

/** A discount on on-demand prices. */
export interface Discount {
  readonly kind: (typeof DISCOUNT_KINDS)[number];
  /** Share of the price that is saved, in (0, 1). */
  readonly share: number;
  /** VM types that it is given on; null is all. */
  readonly vmTypeIds: readonly VmTypeId[] | null;
}

/** Another catalogue, and how long each job takes on it. */
export interface OtherCatalogue {
  readonly name: string;
  readonly vmTypes: readonly VmType[];
  /** Of every job of the base. */
  readonly durations: ReadonlyMap<JobId, DurationTable>;
}

/** d_j' = a_j + factor · (d_j − a_j) + added: the time that a job is given from its submission to its due date. */
export interface DueDateSlack {
  readonly factor: number;
  readonly addedSeconds: number;
}

/** A plan that might be: what is different from the base. Prices change in the order set, factor, discounts. */
export interface Variant {
  readonly name: string;
  readonly catalogue: OtherCatalogue | null;
  /** The only VM types that may be rented. */
  readonly onlyVmTypeIds: readonly VmTypeId[] | null;
  readonly pricesPerHourUsd: ReadonlyMap<VmTypeId, number> | null;
  readonly priceFactors: ReadonlyMap<VmTypeId, number> | null;
  readonly discounts: readonly Discount[] | null;
  /** N */
  readonly maxNodes: number | null;
  /** Q_v; null within the map is unlimited. */
  readonly quotaNodes: ReadonlyMap<VmTypeId, number | null> | null;
  readonly dueDateSlack: DueDateSlack | null;
  /** What ω_j is multiplied with. */
  readonly tardinessWeightFactor: number | null;
  readonly policy: PolicyName | null;
  readonly plannedDurations: DurationPercentile | null;
}

/** A variant in which everything stays as it is. */
export const unchanged = (name: string): Variant => ({
  name,
  catalogue: null,
  onlyVmTypeIds: null,
  pricesPerHourUsd: null,
  priceFactors: null,
  discounts: null,
  maxNodes: null,
  quotaNodes: null,
  dueDateSlack: null,
  tardinessWeightFactor: null,
  policy: null,
  plannedDurations: null,
});

/** What variants change: a cluster as it stands, jobs that are still to come, and how decisions are made. Never written to. */
export interface ComparisonBase {
  readonly state: ClusterState;
  /** Jobs submitted after the state's time; a single decision does not know them. */
  readonly arrivals: readonly Job[];
  readonly policy: PolicyName;
}

/** A job that cannot run in a variant, and why. */
export interface LeftOutJob {
  readonly jobId: JobId;
  readonly reason: string;
}

/** The copy of the base on which a variant is decided or simulated. */
export interface VariantCase {
  readonly variant: Variant;
  /** Active jobs only, with median durations; cost accrued so far is 0, so that what follows is the cost from now on. */
  readonly state: ClusterState;
  readonly arrivals: readonly Job[];
  readonly policy: PolicyName;
  readonly plannedDurations: DurationPercentile;
  readonly leftOut: readonly LeftOutJob[];
  /** What a reader must know to read the figures. */
  readonly notes: readonly string[];
}
