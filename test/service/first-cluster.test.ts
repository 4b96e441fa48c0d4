import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import { createFirstCluster } from "../../src/service/clusters/first-cluster.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { EXACT } from "../support/limits.ts";
import { testStore } from "../support/test-store.ts";
import { NOON } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";
import { wholeFold } from "./planned-cluster.ts";

const database = await testStore();
const { store, pool } = database;
beforeEach(() => database.empty());
afterAll(() => database.close());

const scenario = loadScenario(shippedScenarioPath("prototype-2019"), loadReferenceData());
const args = {
  scenario,
  nowSeconds: NOON,
  means: { policy: "progress-value", solver: draftSolver, limits: EXACT },
} as const;

/** A store whose service is killed while it reads back what it wrote for the nth time. */
function brokenAfter(reads: number): Store {
  let left = reads;
  return {
    ...store,
    writeService: (work) =>
      store.writeService((parts) =>
        work({
          ...parts,
          history: {
            ...parts.history,
            events: (...asked) => {
              left -= 1;
              if (left < 0) throw new Error("killed");
              return parts.history.events(...asked);
            },
          },
        }),
      ),
  };
}

describe("the first cluster", () => {
  it("is made whole or not at all", async () => {
    await expect(createFirstCluster(brokenAfter(5), args)).rejects.toThrow("killed");
    for (const table of ["clusters", "events", "jobs", "plans", "duration_tables"] as const)
      expect(await store.db.selectFrom(table).selectAll().execute()).toEqual([]);
    expect(await createFirstCluster(store, args)).not.toBeNull();
    expect(await createFirstCluster(store, args)).toBeNull();
    // Another process finds everything that the history refers to, also what this one knew of before it failed.
    const other = await openStore(pool);
    expect(await wholeFold(other)).toEqual(await wholeFold(store));
    expect((await other.jobs.page("default", {}, 100)).length).toBe(scenario.jobs.length);
  });

  it("has each change of its jobs explained as those of later events are", async () => {
    const played = await createFirstCluster(store, args);
    const completed = (played ?? [])
      .flatMap(({ events }) => events)
      .flatMap((event) => (event.kind === "job-completed" ? [event.jobId] : []));
    expect(completed.length).toBeGreaterThan(0);
    for (const { id } of scenario.jobs) {
      const history = await store.jobHistory.page("default", id, { afterEntry: 0, limit: 100 });
      const kinds = history.map(({ kind }) => kind);
      expect(kinds[0]).toBe("jobs-arrived");
      if (completed.includes(id)) expect(kinds).toContain("job-completed");
      expect(kinds).toContain("started");
      for (const { reason, kind, planRevision } of history) {
        expect(reason).toMatch(/\.$/);
        expect(reason).not.toBe("The plan changed its place.");
        if (["started", "moved", "stopped"].includes(kind)) expect(planRevision).not.toBeNull();
      }
    }
  });
});
