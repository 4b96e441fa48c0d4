/** Campaigns in parts: what comes out is what one worker alone finds out, whoever takes the runs and whoever dies at it. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { baseOfJobs } from "../../src/comparison/comparison-base.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { comparisonRequestSchema } from "../../src/report/comparison-request.ts";
import type { CampaignInput } from "../../src/service/campaigns/campaign-input.ts";
import { campaignRunTasks } from "../../src/service/campaigns/campaign-input.ts";
import { simulateRun } from "../../src/service/campaigns/simulate-run.ts";
import { comparisonInput } from "../../src/service/comparisons/comparison-input.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { spreadHorizons } from "../../src/service/worker/spread-horizons.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { campaignInput, SMALL_CAMPAIGN, untimed } from "../support/campaign.ts";
import { hourJob } from "../support/comparison.ts";
import { isPostgresAvailable } from "../support/postgres-server.ts";
import { NOW_SECONDS } from "../support/written-problem.ts";
import {
  comparing,
  embedded,
  PATIENT,
  postgres,
  SETTINGS,
  TIMEOUT_MILLISECONDS,
} from "./comparing-workers.ts";

/** Rules alone, which take next to nothing: what runs cost here is their threads. */
const REQUEST = { ...SMALL_CAMPAIGN, policies: ["fifo", "edf"] as const };
const RUNS = 4;

let input: CampaignInput;
/** The figures of each run, found out one after the other in this thread. */
let wanted: unknown;
beforeAll(async () => {
  input = await campaignInput({ ...REQUEST, policies: [...REQUEST.policies] });
  const reference = loadReferenceData();
  const solver = highsSolver({ threads: 1 });
  const metrics: unknown[] = [];
  for (const task of campaignRunTasks(input))
    metrics.push(await simulateRun(task, { reference, solver }, () => undefined));
  await solver.close();
  wanted = untimed(metrics.map((one) => ({ metrics: one })));
}, TIMEOUT_MILLISECONDS);
const runsOf = (result: unknown): object[] => (untimed(result) as { readonly runs: object[] }).runs;

describe("a campaign in parts, on the embedded database", () => {
  const { work, post, ended, parts, takeAndDie, storeOf } = comparing(embedded);

  it(
    "finds the runs that are done when it is begun again, and lets comparisons through with one seat",
    async () => {
      const id = await post(input);
      const first = await work();
      const done = async () =>
        (await parts(id)).filter(({ status }) => status === "done").map((part) => part.id);
      await expect.poll(async () => (await done()).length, PATIENT).toBeGreaterThan(0);
      await first.close();
      const before = await done();
      // A worker dies that took others and had not begun.
      await expect.poll(() => takeAndDie(HORIZON_PARTS), PATIENT).toBeGreaterThan(0);
      expect(before.length).toBeLessThan(RUNS);
      const body = comparisonRequestSchema.parse({
        mode: "decision",
        variants: [{ name: "as it is" }, { name: "one node", maxNodes: 1 }],
      });
      const start = { nowSeconds: NOW_SECONDS, policy: "edf" } as const;
      const base = baseOfJobs(emptyCluster(SETTINGS).settings, [hourJob("a")], start);
      const comparison = await post(comparisonInput({ base, body, networks: new Map() }));
      await work();
      await ended(comparison);
      const { result, progress } = await ended(id);
      expect(runsOf(result)).toMatchObject(wanted as object[]);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      await expect.poll(() => parts(id), PATIENT).toEqual([]);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "hands out so many parts at a time, and others as those end",
    async () => {
      const id = await post(input);
      const store = storeOf();
      const { horizonParts } = store;
      const inputs = Array.from({ length: 40 }, (_, index) => `run ${index}`);
      const over = new AbortController();
      const shares = new Map<number, number>();
      const spread = spreadHorizons(
        { store, givenUp: over.signal },
        { clusterId: "default", id },
        {
          kind: "campaign-run",
          inputs: [...inputs, "run 0"],
          onShare: (index, share) => shares.set(index, share),
        },
      );
      await expect.poll(async () => (await parts(id)).length, PATIENT).toBe(32);
      const end = async (): Promise<void> => {
        for (const { id: part } of await horizonParts.open()) {
          const begun = await horizonParts.begin(part);
          await horizonParts.end(part, { kind: "result", result: `done ${begun?.input}` });
        }
      };
      await end();
      await expect.poll(async () => (await parts(id)).length, PATIENT).toBe(40);
      await end();
      const results = [...inputs, "run 0"].map((text) => `done ${text}`);
      expect(await spread).toEqual({ kind: "result", result: results });
      expect([...shares.values()].every((share) => share === 1)).toBe(true);
    },
    TIMEOUT_MILLISECONDS,
  );
});

describe.skipIf(!isPostgresAvailable())("a campaign in parts, on PostgreSQL (needs it here)", () => {
  const { work, mortalWorker, post, ended, parts, heldByMortal } = comparing(postgres);

  it(
    "comes out the same when the worker is killed that conducts it and simulates a run",
    async () => {
      const { kill } = await mortalWorker();
      const id = await post(input);
      const struck = async () => heldByMortal((await parts(id)).map((part) => part.id));
      await expect.poll(async () => (await struck()).length, PATIENT).toBe(1);
      expect(await heldByMortal([id])).toEqual([id]);
      await kill();
      await work();
      await work();
      expect(runsOf((await ended(id)).result)).toMatchObject(wanted as object[]);
    },
    TIMEOUT_MILLISECONDS,
  );
});
