import { sql } from "kysely";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec } from "./contract-server.ts";
import { draftSolver, fakeSolver } from "./fake-solver.ts";

let server: ContractServer;

afterEach(() => server.close());
afterAll(closeDatabase);

describe("a service that cannot plan", () => {
  it("is not ready before the first plan, nor after a failed decision; the plan before stays", async () => {
    const solver = fakeSolver();
    // The literature's MILP always asks the solver.
    server = await contractServer({ solver, policy: "per-node" });
    // The first decision has no job and needs no solver; a request may come before or after it.
    expect([200, 503]).toContain((await server.get("/v1/plan")).status);
    await server.settled();
    await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
    await solver.asked();
    solver.break(new Error("secret detail"));
    await server.until((cluster) => cluster.plannerTrouble !== null);
    const answer = await server.get("/readyz");
    expect(answer).toMatchObject({ status: 503, json: { type: "urn:problem-type:berth:not-ready" } });
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.text).not.toContain("secret");
    const correlationId = /correlation id ([0-9a-f-]+)/.exec(answer.text)?.[1] ?? "none";
    expect(
      server.logLines.filter((line) => line.includes(correlationId) && line.includes("secret detail")),
    ).toHaveLength(1);
    expect(await server.get("/healthz")).toMatchObject({ status: 200 });
    expect(await server.get("/v1/plan")).toMatchObject({ status: 200, json: { running: [], waiting: [] } });
  });
});

describe("a cluster that nobody has planned yet", () => {
  it("has no plan and no explanation, and says when to come back", async () => {
    server = await contractServer({ solver: draftSolver });
    await server.settled();
    // Nobody is rung for it, and the clock stands still.
    const { configuration, settings } = await server.cluster();
    await server.store.clusters.create({
      id: "fresh",
      configuration,
      initialSettings: settings,
      createdAtSeconds: server.clock.nowSeconds(),
    });
    for (const path of ["plan", "plan/explanation"]) {
      const answer = await server.get(`/v1/clusters/fresh/${path}`);
      expect(answer, answer.text).toMatchObject({
        status: 503,
        json: { type: "urn:problem-type:berth:not-ready" },
      });
      expect(answer.headers.get("retry-after")).toBe("1");
    }
  });
});

describe("a defect", () => {
  it("is answered with a correlation id, logged with its stack, and shows nothing of the inside", async () => {
    server = await contractServer({ solver: draftSolver });
    await server.settled();
    const { db } = server.store;
    await sql`ALTER TABLE events ADD CONSTRAINT secret_of_the_inside CHECK (false) NOT VALID`.execute(db);
    const answer = await server.post("/v1/replan", {});
    await sql`ALTER TABLE events DROP CONSTRAINT secret_of_the_inside`.execute(db);
    expect(answer).toMatchObject({ status: 500, json: { type: "urn:problem-type:berth:internal-error" } });
    expect(answer.text).not.toContain("secret");
    const id = answer.headers.get("x-request-id") ?? "none";
    expect(answer.text).toContain(id);
    const logged = server.logLines.find((line) => line.includes(id) && line.includes("secret_of_the_inside"));
    expect(logged).toContain("at ");
  });
});
