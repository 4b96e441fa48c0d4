/** The auditor of the fault campaign finds what it is there to find. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { checkHistory } from "./audit-history.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec } from "./contract-server.ts";

const solver = highsSolver({ threads: 1 });
let server: ContractServer;
let revision = 0;

beforeAll(async () => {
  server = await contractServer({ solver });
  // Each job of a campaign has a weight of its own, as its mark.
  const jobs = [
    jobSpec({ id: "a", tardinessCostPerHourUsd: 10 }),
    jobSpec({ id: "b", tardinessCostPerHourUsd: 11 }),
  ];
  const posted = await server.post("/v1/jobs", { jobs });
  revision = z.object({ revision: z.int() }).parse(posted.json).revision;
  await server.settled();
});

afterAll(async () => {
  await server.close();
  await closeDatabase();
  await solver.close();
});

describe("the auditor of histories", () => {
  it("finds nothing in a history that holds together", async () => {
    const audit = await checkHistory(server.store, [
      { kind: "jobs", clusterId: "default", revision, jobIds: ["a", "b"], key: "k" },
    ]);
    expect(audit).toMatchObject({ lost: [], twice: [], infeasible: [], contradictions: [], jobCount: 2 });
  });

  it("misses an event that was acknowledged and is not there, or elsewhere", async () => {
    const { lost } = await checkHistory(server.store, [
      { kind: "jobs", clusterId: "default", revision: 1, jobIds: ["ghost"], key: "k" },
      { kind: "jobs", clusterId: "default", revision: 900, jobIds: ["a"], key: "k" },
    ]);
    expect(lost).toHaveLength(2);
  });

  it("sees rows that do not say what the history says, and plans that break a rule", async () => {
    const { db } = server.store;
    await sql`UPDATE jobs SET request = (SELECT request FROM jobs WHERE id = 'a') WHERE id = 'b'`.execute(db);
    const { twice } = await checkHistory(server.store, [
      { kind: "jobs", clusterId: "default", revision, jobIds: ["a", "b"], key: "k" },
    ]);
    expect(twice).toEqual(["jobs a and b are of one submission"]);
    await sql`UPDATE jobs SET node_id = 'node-99', gpus = 1 WHERE id = 'a'`.execute(db);
    expect((await checkHistory(server.store)).contradictions.join()).toContain("node-99");
    await sql`UPDATE plans SET delta = replace(delta::text, '"gpus":', '"gpus":9')::json`.execute(db);
    expect((await checkHistory(server.store)).infeasible).not.toEqual([]);
  });
});
