import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ComparisonStatus } from "../../src/store/schema.ts";
import type { TestStore } from "../support/test-store.ts";
import { testStore } from "../support/test-store.ts";

const PART = {
  id: "p",
  clusterId: "default",
  comparisonId: "c",
  kind: "horizon",
  digest: "d",
  input: "task",
} as const;

describe("parts of comparisons", () => {
  let database: TestStore;
  beforeAll(async () => {
    database = await testStore();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    const { store, empty } = database;
    await empty();
    await store.clusters.create({
      id: "default",
      configuration: {},
      initialSettings: { vmTypes: [], maxNodes: 1, nodeLimits: [], replanIntervalSeconds: 1 },
      createdAtSeconds: 0,
    });
    await store.comparisons.insert({
      clusterId: "default",
      id: "c",
      kind: "variants",
      status: "running",
      request: {},
      input: {},
      createdAtSeconds: 0,
      finishedAtSeconds: null,
      progress: 0,
      result: null,
      failure: null,
    });
    await store.horizonParts.add(PART);
  });
  const setComparison = (status: ComparisonStatus) =>
    database.store.comparisons.update("default", "c", { status, finishedAtSeconds: 1 });

  it("are there once for equal tasks", async () => {
    const { horizonParts } = database.store;
    await horizonParts.add({ ...PART, id: "again" });
    expect(await horizonParts.ofComparison("default", "c")).toMatchObject([{ id: "p", status: "queued" }]);
    expect(await horizonParts.open()).toHaveLength(1);
  });

  it("are begun, told of, taken back and begun again, until they end for good", async () => {
    const { horizonParts } = database.store;
    expect(await horizonParts.begin("p")).toEqual({ kind: "horizon", input: "task" });
    expect(await horizonParts.keepProgress("p", 0.5)).toBe(true);
    expect(await horizonParts.summary("p")).toMatchObject({ status: "running", progress: 0.5 });
    await horizonParts.requeue("p");
    expect(await horizonParts.summary("p")).toMatchObject({ status: "queued", progress: 0 });
    await horizonParts.begin("p");
    await horizonParts.end("p", { kind: "result", result: "run" });
    expect(await horizonParts.result("p")).toBe("run");
    expect(await horizonParts.begin("p")).toBeUndefined();
    await horizonParts.requeue("p");
    await horizonParts.end("p", { kind: "failed", reason: "late" });
    expect(await horizonParts.summary("p")).toMatchObject({ status: "done", progress: 1, failure: null });
    expect(await horizonParts.open()).toEqual([]);
  });

  it.each(["done", "failed", "cancelled"] as const)("are not wanted when theirs is %s", async (status) => {
    const { horizonParts } = database.store;
    await setComparison("queued");
    await horizonParts.removeEnded();
    expect(await horizonParts.begin("p")).toEqual({ kind: "horizon", input: "task" });
    await setComparison(status);
    expect(await horizonParts.keepProgress("p", 0.5)).toBe(false);
    expect(await horizonParts.begin("p")).toBeUndefined();
    expect(await horizonParts.open()).toHaveLength(1);
    await horizonParts.removeEnded();
    expect(await horizonParts.summary("p")).toBeUndefined();
  });

  it("are pruned with their comparison", async () => {
    await setComparison("done");
    await database.store.comparisons.prune(2);
    expect(await database.store.horizonParts.summary("p")).toBeUndefined();
  });
});
