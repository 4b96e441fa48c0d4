/** Horizon comparisons in parts: what comes out is what one worker alone finds out, whoever simulates the parts and whoever dies at it. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { oneByOne } from "../../src/comparison/compare-horizons.ts";
import { emptyCluster } from "../../src/domain/cluster-state.ts";
import { comparisonRequestSchema } from "../../src/report/comparison-request.ts";
import { compareInput } from "../../src/service/comparisons/compare-input.ts";
import type { ComparisonInput } from "../../src/service/comparisons/comparison-input.ts";
import { comparisonInput } from "../../src/service/comparisons/comparison-input.ts";
import { COMPARISONS } from "../../src/service/worker/run-comparisons.ts";
import { HORIZON_PARTS } from "../../src/service/worker/run-horizon-parts.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
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

const BODY = comparisonRequestSchema.parse({
  mode: "horizon",
  marginalValues: true,
  variants: [
    { name: "as it is" },
    { name: "one node", maxNodes: 1 },
    { name: "tight", dueDateSlack: { factor: 0.5, addedSeconds: 0 } },
  ],
});

/** Marginal values simulate again: with more jobs that takes long and shows nothing more. */
const MOST_WITH_MARGINALS = 10;

/** A horizon comparison of so many jobs on an empty cluster. */
function inputOf(jobCount: number): ComparisonInput {
  const arrivals = Array.from({ length: jobCount }, (_, index) => ({
    ...hourJob(`job-${index}`, 4000 + 1700 * (index % 7) + 900 * index),
    submittedAtSeconds: NOW_SECONDS + 600 * index,
  }));
  const body = { ...BODY, marginalValues: jobCount <= MOST_WITH_MARGINALS };
  return comparisonInput({
    base: { state: emptyCluster(SETTINGS), arrivals, policy: "progress-value" },
    body,
    networks: new Map(),
  });
}
const SHORT = inputOf(4);
/** Its parts take seconds. */
const LONG = inputOf(28);

/** Its jobs arrive before its beginning, which no horizon allows. */
const IMPOSSIBLE: ComparisonInput = {
  ...SHORT,
  state: { ...SHORT.state, nowSeconds: NOW_SECONDS + 10_000 },
};

/** What one thread finds out that does everything itself. */
async function expected(input: ComparisonInput): Promise<unknown> {
  const solver = highsSolver({ threads: 1 });
  const means = { reference: loadReferenceData(), solver, run: oneByOne(solver) };
  const view = await compareInput(input, means, {}).finally(() => solver.close());
  return JSON.parse(JSON.stringify(view)) as unknown;
}

/** Found out once, for both databases. */
let wantedOfLong: Promise<unknown> | undefined;
const expectedOfLong = (): Promise<unknown> => (wantedOfLong ??= expected(LONG));

describe("a comparison in parts, on the embedded database", () => {
  const { work, post, summary, ended, parts, cancel, running, openJobs, enqueue, takeAndDie } =
    comparing(embedded);

  it(
    "comes to its end with one worker that has one seat, with several comparisons at once",
    async () => {
      const wanted = await expected(SHORT);
      const ids = [await post(SHORT), await post(SHORT)];
      await work();
      for (const id of ids) {
        const { result } = await ended(id);
        expect(result).toEqual(wanted);
        await expect.poll(() => parts(id), PATIENT).toEqual([]);
      }
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "finds the parts that are done when it is begun again",
    async () => {
      const wanted = await expectedOfLong();
      const id = await post(LONG);
      const first = await work();
      const done = async () =>
        (await parts(id)).filter(({ status }) => status === "done").map((part) => part.id);
      await expect.poll(async () => (await done()).length, PATIENT).toBeGreaterThan(0);
      await first.close();
      const before = await done();
      // A worker dies that took the others and had not begun.
      await expect.poll(() => takeAndDie(HORIZON_PARTS), PATIENT).toBeGreaterThan(0);
      expect(before.length).toBeLessThan(BODY.variants.length);
      await work();
      await expect.poll(() => running(id), PATIENT).toBe(1);
      expect(await done()).toEqual(expect.arrayContaining(before));
      expect(await parts(id)).toHaveLength(BODY.variants.length);
      expect((await ended(id)).result).toEqual(wanted);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "fails with the words that it would have failed with in one thread, also when the first who took it died before the beginning",
    async () => {
      const id = await post(IMPOSSIBLE);
      await enqueue(id);
      expect(await takeAndDie(COMPARISONS)).toBe(1);
      await work();
      await expect.poll(async () => (await summary(id)).status, PATIENT).toBe("failed");
      const { failure } = await summary(id);
      await expect(expected(IMPOSSIBLE)).rejects.toThrow(failure ?? expect.fail());
      expect(failure).toContain("before the last one");
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "ends its parts soon when it is cancelled",
    async () => {
      const id = await post(LONG);
      await work();
      await expect.poll(() => running(id), PATIENT).toBe(1);
      await cancel(id);
      await expect.poll(() => parts(id), PATIENT).toEqual([]);
      await expect.poll(openJobs, PATIENT).toEqual([]);
    },
    TIMEOUT_MILLISECONDS,
  );
});

describe.skipIf(!isPostgresAvailable())("a comparison in parts, on PostgreSQL (needs it here)", () => {
  const { work, mortalWorker, post, ended, parts, heldByMortal, running } = comparing(postgres);
  let wanted: unknown;
  beforeAll(async () => {
    wanted = await expectedOfLong();
  }, TIMEOUT_MILLISECONDS);

  it(
    "is worked at by two workers at a time, and comes out the same",
    async () => {
      const id = await post(LONG);
      await work();
      await work();
      // Each has one seat.
      await expect.poll(() => running(id), PATIENT).toBe(2);
      const { result, progress } = await ended(id);
      expect(result).toEqual(wanted);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(progress.some((share) => share > 0 && share < 1)).toBe(true);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "comes out the same when a worker is killed that simulates a part",
    async () => {
      // Both wait before there is anything to do: each takes a part at once, and there are more.
      const { kill } = await mortalWorker();
      await work();
      const id = await post(LONG);
      const struck = async () => heldByMortal((await parts(id)).map((part) => part.id));
      await expect.poll(async () => (await struck()).length, PATIENT).toBe(1);
      await kill();
      expect((await parts(id)).filter(({ status }) => status === "running").length).toBeGreaterThan(0);
      expect((await ended(id)).result).toEqual(wanted);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "comes out the same when the worker is killed that conducts",
    async () => {
      const { kill } = await mortalWorker();
      const id = await post(LONG);
      await expect.poll(() => running(id), PATIENT).toBe(1);
      expect(await heldByMortal([id])).toEqual([id]);
      await kill();
      await work();
      expect((await ended(id)).result).toEqual(wanted);
    },
    TIMEOUT_MILLISECONDS,
  );
});
