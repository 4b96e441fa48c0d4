import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { retainCluster, retainShared } from "../../src/service/worker/retention.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { TestStore } from "../support/test-store.ts";
import { testStore } from "../support/test-store.ts";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import { plannedCluster, wholeFold } from "./planned-cluster.ts";
import { arrival } from "./test-cluster.ts";

const DAY = 24 * 3600;
const logger = pino({ level: "silent" });

describe("retention", () => {
  let database: TestStore;
  beforeAll(async () => {
    database = await testStore();
  });
  beforeEach(() => database.empty());
  afterAll(() => database.close());

  it("removes ended jobs and old bodies; the fold from the beginning is what planning goes on with", async () => {
    const { store } = database;
    const cluster = await plannedCluster(store, { solver: javascriptLpSolver(), policy: "greedy" });
    await cluster.submit(arrival("old", "young", "active"));
    await cluster.settled();
    await cluster.submit((atSeconds) => ({ kind: "job-completed", jobId: jobId("old"), atSeconds }));
    await cluster.settled();
    cluster.clock.advanceBy(10 * DAY);
    await cluster.submit((atSeconds) => ({ kind: "job-cancelled", jobId: jobId("young"), atSeconds }));
    await cluster.settled();
    const untouched = { retention: { jobsDays: 11, planCount: 1000 }, store, logger, clock: cluster.clock };
    const before = await cluster.cluster();
    await retainCluster(untouched, "default");
    expect(await cluster.cluster()).toEqual(before);

    await retainCluster({ ...untouched, retention: { jobsDays: 5, planCount: 1 } }, "default");
    cluster.planner.ring();
    await cluster.settled();
    const left = (await store.jobs.page("default", {}, 10)).map(({ state }) => state.id);
    expect(left).toEqual(["young", "active"]);
    expect(await store.jobHistory.page("default", "old", { afterEntry: 0, limit: 10 })).toEqual([]);
    const plans = await store.plans.before("default", 1e9, 100);
    expect(plans.slice(0, 1).every(({ body }) => body !== null)).toBe(true);
    expect(plans.slice(2).every(({ body }) => body === null)).toBe(true);
    expect(plans.length).toBe((await cluster.cluster()).planCount);

    const folded = await cluster.state();
    expect(folded.jobs.map(({ id }) => id).sort()).toEqual(["active", "young"]);
    await cluster.close();
    // Closing keeps a snapshot of what the planner had folded step by step.
    expect((await store.latestSnapshot("default"))?.state).toEqual(await wholeFold(store));
    const rows = await store.jobs.page("default", {}, 10);
    expect(rows.map(({ state }) => state.id).sort()).toEqual(folded.jobs.map(({ id }) => id).sort());
  });

  it("forgets more jobs than one event names", async () => {
    const { store } = database;
    const cluster = await plannedCluster(store, { solver: javascriptLpSolver(), policy: "greedy" });
    const ids = Array.from({ length: 501 }, (_, index) => `J${index}`);
    await cluster.submit(arrival(...ids));
    await cluster.close();
    await database.pool.query(
      "UPDATE jobs SET status = 'completed', ended_at_seconds = submitted_at_seconds",
    );
    cluster.clock.advanceBy(2 * DAY);
    const events = (await cluster.cluster()).lastSequence;
    await retainCluster(
      { store, logger, clock: cluster.clock, retention: { jobsDays: 1, planCount: 5 } },
      "default",
    );
    expect((await cluster.cluster()).lastSequence).toBe(events + 2);
    expect((await store.jobs.page("default", {}, 10)).length).toBe(0);
  });

  it("forgets answers of the day before, secrets that are over, and comparisons of the month before", async () => {
    const { store } = database;
    const cluster = await plannedCluster(store, { solver: javascriptLpSolver(), policy: "greedy" });
    await cluster.close();
    const atSeconds = cluster.clock.nowSeconds();
    const place = (key: string) => ({ clusterId: "default", principal: "somebody", key });
    const answer = { requestHash: "hash", status: 202, answer: {} };
    await store.idempotency.keep(place("old"), answer, atSeconds - 1.1 * DAY);
    await store.idempotency.keep(place("young"), answer, atSeconds - 0.9 * DAY);
    const comparison = (id: string, days: number) => ({
      clusterId: "default",
      id,
      kind: "variants" as const,
      status: "done" as const,
      request: {},
      input: {},
      createdAtSeconds: 0,
      finishedAtSeconds: atSeconds - days * DAY,
      progress: 1,
      result: {},
      failure: null,
    });
    await store.comparisons.insert(comparison("old", 31));
    await store.comparisons.insert(comparison("young", 29));
    const webhook = (id: string, ...ends: readonly number[]) => ({
      clusterId: "default",
      id,
      url: "https://example.org/",
      secret: "new",
      previousSecrets: ends.map((end) => ({ secret: "old", untilSeconds: atSeconds + end })),
      createdAtSeconds: 0,
      queuedRevision: 0,
      lastOutcome: null,
      lastTriedAtSeconds: null,
    });
    await store.webhooks.insert(webhook("over", 0, -1));
    await store.webhooks.insert(webhook("still", -1, 1));
    await retainShared({ store, clock: cluster.clock });
    expect((await store.webhooks.find("default", "over"))?.previousSecrets).toEqual([]);
    expect((await store.webhooks.find("default", "still"))?.previousSecrets).toHaveLength(2);
    expect(await store.idempotency.find(place("old"))).toBeUndefined();
    expect(await store.idempotency.find(place("young"))).toBeDefined();
    expect((await store.comparisons.list("default", "variants", { limit: 10 })).map(({ id }) => id)).toEqual([
      "young",
    ]);
  });
});
