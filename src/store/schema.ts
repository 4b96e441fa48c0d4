/** The tables as Kysely sees them; migrations.ts makes them. Seconds count from the Unix epoch; `json` columns hold what codecs of this room wrote. */
import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { AllocatedNode } from "../domain/allocation.ts";
import type { AllocationDelta } from "../domain/allocation-delta.ts";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { NodeId, VmTypeId } from "../domain/ids.ts";
import type { Command } from "../domain/plan.ts";
import type { KeyGrant } from "./api-keys.ts";
import type { StoredAuditEntry } from "./audit-entries.ts";
import type { StoredEvent } from "./event-codec.ts";
import type { StoredJob, StoredJobState } from "./job-codec.ts";
import type { StoredPlan } from "./plan-record.ts";
import type { StoredState } from "./snapshots.ts";

/** Text of JSON on the way in, parsed on the way out. */
type Json<Content extends object> = JSONColumnType<Content>;
type NullableJson<Content extends object> = ColumnType<Content | null, string | null, string | null>;

/** What is known of a job's course: its state without the job. */
export type JobCourse = Omit<StoredJobState, "id" | "job">;

/** How far a command is. */
export type CommandStatus = "pending" | "done" | "failed";

/** One row a cluster. Locked by every write to the cluster, so that its history has one order. */
export interface ClusterTable {
  id: string;
  /** As its users configured it; settings follow from it. */
  configuration: Json<object>;
  /** Limits and prices before the first event; the history starts from them. */
  initial_settings: Json<ClusterSettings>;
  /** Limits and prices after the last event. */
  settings: Json<ClusterSettings>;
  created_at_seconds: number;
  /** Events so far, without gaps. */
  last_sequence: Generated<number>;
  /** Time of the last event; null before the first. */
  last_at_seconds: number | null;
  plan_count: Generated<number>;
  /** Revision of the plan in force; null before the first. */
  plan_revision: number | null;
  /** Grows with every change of leader; a plan of an older one is refused. */
  planner_epoch: Generated<number>;
  next_job_number: Generated<number>;
  /** Why the last decision failed; null while they succeed. */
  planner_trouble: string | null;
  /** Grows with every change of `configuration`. */
  configuration_version: Generated<number>;
  /** When it was given up; its history stays, and nobody plans it. */
  archived_at_seconds: Generated<number | null>;
}

/** What happened, in order; never changed, never deleted. */
export interface EventTable {
  cluster_id: string;
  sequence: number;
  kind: string;
  at_seconds: number;
  body: Json<StoredEvent>;
  /** Who caused it; null where the service did by itself. */
  principal: string | null;
  request_id: string | null;
}

/** Duration tables by the hash of their content: jobs of one workload share one. */
export interface DurationTableTable {
  id: string;
  body: Json<DurationTable>;
}

/** Layers that jobs brought along, by the hash of their content. */
export interface NetworkTable {
  id: string;
  body: Json<object>;
}

/** Each job as of its last change; what the history says of it, ready to be looked up. */
export interface JobTable {
  cluster_id: string;
  id: string;
  /** Order of submission. */
  number: number;
  status: string;
  submitted_at_seconds: number;
  due_at_seconds: number;
  network: string;
  framework: string;
  /** What its owner posted; layers that came with it are in `networks`. */
  request: Json<object>;
  /** The job without its durations. */
  job: Json<StoredJob>;
  /** What is known of its course, as of `as_of_seconds`. */
  course: Json<JobCourse>;
  as_of_seconds: number;
  node_id: NodeId | null;
  gpus: number | null;
  /** Grows with every change. */
  version: number;
  ended_at_seconds: number | null;
}

/** What happened to a job, and why. */
export interface JobHistoryTable {
  entry: Generated<number>;
  cluster_id: string;
  job_id: string;
  at_seconds: number;
  kind: string;
  reason: string;
  principal: string | null;
  /** Plan that caused it; null where no plan did. */
  plan_revision: number | null;
}

/** Nodes that are rented now. */
export interface NodeTable {
  cluster_id: string;
  id: NodeId;
  vm_type_id: VmTypeId;
  /** The node; its parts are kept with the jobs. */
  body: Json<AllocatedNode>;
}

/** Plans in the order they were enacted. `delta` belongs to the history; `body` may be pruned. */
export interface PlanTable {
  cluster_id: string;
  revision: number;
  /** 1, 2, 3, … */
  number: number;
  after_sequence: number;
  decided_at_seconds: number;
  /** How the allocation differs from the one before. */
  delta: Json<AllocationDelta>;
  summary: Json<StoredPlan>;
  /** As it is shown. */
  body: NullableJson<object>;
}

/** What an executor must do, in order. */
export interface CommandTable {
  cluster_id: string;
  revision: number;
  number: number;
  body: Json<Command>;
  /** pending, done or failed */
  status: CommandStatus;
  settled_at_seconds: number | null;
  note: string | null;
}

/** States from which the fold of the history may start, in pieces. */
export interface SnapshotTable {
  cluster_id: string;
  revision: number;
  /** 0 is the state without its jobs. */
  piece: number;
  after_sequence: number;
  plan_number: number;
  body: Json<StoredState | readonly StoredJobState[]>;
}

/** Answers to requests that may be repeated. */
export interface IdempotencyTable {
  cluster_id: string;
  principal: string;
  key: string;
  request_hash: string;
  status: number;
  answer: Json<object>;
  created_at_seconds: number;
}

/** API keys by id. */
export interface ApiKeyTable {
  id: string;
  name: string;
  hash: string;
  grant: Json<KeyGrant>;
  created_at_seconds: number;
  expires_at_seconds: number | null;
  revoked_at_seconds: number | null;
  last_used_at_seconds: number | null;
}

/** Requests that would change something, in order. */
export interface AuditTable {
  entry: Generated<number>;
  at_seconds: number;
  principal: string | null;
  cluster_id: string | null;
  body: Json<StoredAuditEntry>;
}

/** A secret of a webhook that is being replaced. */
export interface PreviousSecret {
  readonly secret: string;
  /** Until then deliveries are signed with it too. */
  readonly untilSeconds: number;
}

/** Who is told of plans. */
export interface WebhookTable {
  cluster_id: string;
  id: string;
  url: string;
  secret: string;
  /** Those before it, the latest first. */
  previous_secrets: Json<readonly PreviousSecret[]>;
  created_at_seconds: number;
  queued_revision: number;
  last_outcome: string | null;
  last_tried_at_seconds: number | null;
}

/** How far a comparison is. */
export type ComparisonStatus = "queued" | "running" | "done" | "failed" | "cancelled";

/** What is compared: variants of a cluster, or policies on generated scenarios. */
export type ComparisonKind = "variants" | "campaign";

/** Comparisons of VM plans, and campaigns. */
export interface ComparisonTable {
  cluster_id: string;
  id: string;
  kind: ComparisonKind;
  status: ComparisonStatus;
  request: Json<object>;
  input: Json<object>;
  created_at_seconds: number;
  finished_at_seconds: number | null;
  progress: number;
  result: NullableJson<object>;
  failure: string | null;
}

/** How far a part of a comparison is. */
export type HorizonPartStatus = "queued" | "running" | "done" | "failed";

/** What a part's input describes: a variant's horizon, or a run of a campaign. */
export type HorizonPartKind = "horizon" | "campaign-run";

/** Horizons of comparisons that any worker may simulate; kept until their comparison ends. */
export interface HorizonPartTable {
  id: string;
  kind: HorizonPartKind;
  cluster_id: string;
  comparison_id: string;
  digest: string;
  status: HorizonPartStatus;
  progress: number;
  /** Text, so that whoever passes it on need not parse it. */
  input: string;
  result: string | null;
  failure: string | null;
}

/** The whole database. */
export interface Database {
  clusters: ClusterTable;
  events: EventTable;
  duration_tables: DurationTableTable;
  networks: NetworkTable;
  jobs: JobTable;
  job_history: JobHistoryTable;
  nodes: NodeTable;
  plans: PlanTable;
  commands: CommandTable;
  snapshots: SnapshotTable;
  idempotency_keys: IdempotencyTable;
  api_keys: ApiKeyTable;
  audit_entries: AuditTable;
  webhooks: WebhookTable;
  comparisons: ComparisonTable;
  horizon_parts: HorizonPartTable;
}
