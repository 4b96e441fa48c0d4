/** What is compared, as plain JSON: the state as it was when the comparison was asked for. Durations are kept once for all jobs of a workload. */
import type { InlineNetworks } from "../../catalog/inline-network.ts";
import { readInlineNetworks } from "../../catalog/inline-network.ts";
import type { ComparisonBase } from "../../comparison/variant.ts";
import type { DurationTable } from "../../domain/duration-table.ts";
import type { NetworkId } from "../../domain/ids.ts";
import { networkId } from "../../domain/ids.ts";
import type { PolicyName } from "../../planner/policy.ts";
import type { ComparisonRequestBody } from "../../report/comparison-request.ts";
import type { StoredJob, StoredJobState } from "../../store/job-codec.ts";
import { restoredJob, storedJob } from "../../store/job-codec.ts";
import type { StoredState } from "../../store/snapshots.ts";

/** See the file's header. */
export interface ComparisonInput {
  readonly mode: ComparisonRequestBody["mode"];
  readonly variants: ComparisonRequestBody["variants"];
  readonly marginals: "none" | "every-variant";
  readonly policy: PolicyName;
  readonly state: StoredState;
  readonly jobs: readonly StoredJobState[];
  readonly arrivals: readonly StoredJob[];
  /** Duration tables by id. */
  readonly tables: Readonly<Record<string, DurationTable>>;
  /** Layers that jobs brought along, by id, where a variant may need them; missing in inputs from before layers were kept. */
  readonly networks?: Readonly<Record<string, object>>;
}

/** What a comparison is of, and what was asked for. */
export interface ComparedBase {
  readonly base: ComparisonBase;
  readonly body: ComparisonRequestBody;
  readonly networks: ReadonlyMap<NetworkId, object>;
}

/** The base of a comparison and what was asked for, for keeping. */
export function comparisonInput({ base, body, networks }: ComparedBase): ComparisonInput {
  const { jobs, ...state } = base.state;
  const tables = new Map<string, DurationTable>();
  return {
    mode: body.mode,
    variants: body.variants,
    marginals: body.marginalValues === true ? "every-variant" : "none",
    policy: base.policy,
    state,
    jobs: jobs.map((entry) => ({ ...entry, job: storedJob(entry.job, tables) })),
    arrivals: base.arrivals.map((job) => storedJob(job, tables)),
    tables: Object.fromEntries(tables),
    networks: Object.fromEntries(networks),
  };
}

/** What was kept by `comparisonInput`. */
export const keptInput = (input: object): ComparisonInput => input as ComparisonInput;

/** The layers that were kept. */
export const networksOfInput = ({ networks = {} }: ComparisonInput): InlineNetworks =>
  readInlineNetworks(new Map(Object.entries(networks).map(([id, layers]) => [networkId(id), layers])));

/** The base that was kept. */
export function baseOfInput(input: ComparisonInput): ComparisonBase {
  const tables = new Map(Object.entries(input.tables));
  return {
    policy: input.policy,
    state: {
      ...input.state,
      jobs: input.jobs.map((entry) => ({ ...entry, job: restoredJob(entry.job, tables) })),
    },
    arrivals: input.arrivals.map((job) => restoredJob(job, tables)),
  };
}
