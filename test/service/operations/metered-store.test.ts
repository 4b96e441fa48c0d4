import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobId } from "../../../src/domain/ids.ts";
import type { TakenIn } from "../../../src/service/operations/metered-store.ts";
import { meteredStore } from "../../../src/service/operations/metered-store.ts";
import type { StatementMeasure } from "../../../src/store/measure-statements.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import type { TestStore } from "../../support/test-store.ts";
import { testStore } from "../../support/test-store.ts";
import { createCluster, submitTo } from "../planned-cluster.ts";
import { START_SECONDS, arrival, testJob } from "../test-cluster.ts";

let database: TestStore;
let store: Store;
let taken: TakenIn[] = [];

beforeAll(async () => {
  database = await testStore();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.empty();
  taken = [];
  store = meteredStore(database.store, (entry) => taken.push(entry));
  await createCluster(store);
});

const completion = (id: string) => (atSeconds: number) => ({
  kind: "job-completed" as const,
  atSeconds,
  jobId: jobId(id),
});

describe("a metered store", () => {
  it("tells each event once, and what completions cost that came late", async () => {
    await submitTo(store, START_SECONDS, arrival("late", "early"));
    await submitTo(store, START_SECONDS + 60, completion("early"));
    const { dueAtSeconds, tardinessCostPerSecondUsd } = testJob("late");
    await submitTo(store, dueAtSeconds + 100, completion("late"));
    expect(taken).toEqual([
      { clusterId: "default", kinds: ["jobs-arrived"], tardinessCostUsd: 0 },
      { clusterId: "default", kinds: ["job-completed"], tardinessCostUsd: 0 },
      {
        clusterId: "default",
        kinds: ["job-completed"],
        tardinessCostUsd: expect.closeTo(100 * tardinessCostPerSecondUsd, 9) as number,
      },
    ]);
  });

  it("tells nothing of what was not committed, nor of writes without events", async () => {
    await expect(
      store.write("default", async (locked) => {
        const sequenced = { sequence: 1, event: arrival("a")(START_SECONDS) };
        await locked.history.append("default", sequenced, { principal: null, requestId: null });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await store.write("default", (locked) => locked.clusters.update("default", { plannerTrouble: null }));
    expect(taken).toEqual([]);
    expect(await store.history.events("default", 0, 10)).toEqual([]);
  });
});

describe("a store that tells its statements", () => {
  it("says what each was and whether it ran, and nothing of what is in it", async () => {
    const measures: StatementMeasure[] = [];
    const told = await openStore(database.pool, (measure) => measures.push(measure));
    measures.length = 0;
    await submitTo(told, START_SECONDS, arrival("a"));
    const operations = new Set(measures.map(({ operation }) => operation));
    expect([...operations].sort()).toEqual(["commit", "insert", "other", "select", "update"]);
    expect(measures.every(({ outcome, seconds }) => outcome === "done" && seconds > 0)).toBe(true);
    expect(measures.filter(({ operation }) => operation === "commit")).toHaveLength(1);
    await expect(createCluster(told)).resolves.toBeUndefined();
    measures.length = 0;
    await expect(
      told.history.append(
        "nowhere",
        { sequence: 1, event: arrival("b")(1) },
        {
          principal: null,
          requestId: null,
        },
      ),
    ).rejects.toThrow();
    expect(measures.at(-1)).toMatchObject({ operation: "insert", outcome: "failed" });
    expect(JSON.stringify(measures)).not.toContain("nowhere");
  });
});
