import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { javascriptLpSolver } from "../../src/solver/javascript-lp-solver.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer } from "./contract-server.ts";

const newKey = z.object({ id: z.string(), key: z.string() });
const auditPage = z.object({
  entries: z.array(z.object({ action: z.string(), principalId: z.string().nullable(), status: z.number() })),
  nextCursor: z.string().nullable(),
});
const ADMIN = { name: "first", scopes: ["admin"], clusters: "*" };

describe("keys and audit", () => {
  let server: ContractServer;
  beforeEach(async () => {
    server = await contractServer({ solver: javascriptLpSolver() });
  });
  afterEach(() => server.close());
  afterAll(closeDatabase);

  const as = (key: string, method: string, path: string, body?: unknown): Promise<Answer> =>
    server.send(path, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const first = async () => {
    const answer = await server.post("/v1/keys", ADMIN);
    expect(answer.status, answer.text).toBe(201);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    return newKey.parse(answer.json);
  };

  it("the first key must be able to make others; from then on every request needs one", async () => {
    expect((await server.post("/v1/keys", { ...ADMIN, scopes: ["submit"] })).status).toBe(409);
    expect((await server.post("/v1/keys", { ...ADMIN, clusters: ["default"] })).status).toBe(409);
    const { key } = await first();
    // Whether there is a key is looked up once a second.
    server.clock.advanceBy(1);
    expect((await server.get("/v1/keys")).status).toBe(401);
    const list = await as(key, "GET", "/v1/keys");
    expect(list.status).toBe(200);
    expect(list.text).not.toContain(key);
    expect(list.text).not.toContain("hash");
  });

  it("a key does what it was made for, until it is revoked", async () => {
    const { key: admin } = await first();
    const request = {
      name: "b",
      scopes: ["submit"],
      clusters: ["default"],
      expiresAt: "2027-01-01T00:00:00Z",
    };
    const made = await as(admin, "POST", "/v1/keys", request);
    const { id, key } = newKey.parse(made.json);
    expect((await as(key, "GET", "/v1/jobs")).status).toBe(200);
    expect((await as(key, "POST", "/v1/replan", {})).status).toBe(403);
    expect((await as(key, "GET", "/v1/keys")).status).toBe(403);
    expect((await as(key, "GET", "/v1/audit")).status).toBe(403);
    expect((await as(admin, "DELETE", `/v1/keys/${id}`)).status).toBe(200);
    expect((await as(key, "GET", "/v1/jobs")).status).toBe(401);
    expect((await as(admin, "DELETE", `/v1/keys/${id}`)).status).toBe(200);
    expect((await as(admin, "DELETE", "/v1/keys/0000000000000000")).status).toBe(404);
  });

  it("an admin of one cluster makes no keys and reads no audit log: they are about all of them", async () => {
    const { key: admin } = await first();
    const made = await as(admin, "POST", "/v1/keys", { ...ADMIN, clusters: ["default"] });
    const { key } = newKey.parse(made.json);
    expect((await as(key, "POST", "/v1/replan", {})).status).toBe(202);
    for (const [method, path] of [
      ["GET", "/v1/keys"],
      ["GET", "/v1/audit"],
      ["DELETE", "/v1/keys/0000000000000000"],
    ])
      expect((await as(key, method ?? "", path ?? "")).status, path).toBe(403);
    expect((await as(key, "POST", "/v1/keys", ADMIN)).status).toBe(403);
  });

  it("the audit log says who did what, filtered and page by page", async () => {
    const { key, id } = await first();
    await as(key, "POST", "/v1/replan", {});
    await as(key, "DELETE", "/v1/jobs/nothing");
    const read = async (query: string) => {
      const answer = await as(key, "GET", `/v1/audit${query}`);
      expect(answer.status, answer.text).toBe(200);
      return auditPage.parse(answer.json);
    };
    await expect.poll(async () => (await read("")).entries.length, { timeout: 20_000 }).toBe(3);
    expect((await read("")).entries.map(({ action, status }) => [action, status])).toEqual([
      ["DELETE /v1/jobs/:jobId", 404],
      ["POST /v1/replan", 202],
      ["POST /v1/keys", 201],
    ]);
    expect((await read(`?principal=${id}`)).entries).toHaveLength(2);
    expect((await read("?cluster=default")).entries).toHaveLength(2);
    expect((await read("?until=2020-01-01T00:00:00Z")).entries).toEqual([]);
    expect((await read("?from=2026-11-20T00:00:00Z")).entries).toHaveLength(3);
    const page = await read("?limit=2");
    expect(page.entries).toHaveLength(2);
    const rest = await read(`?limit=2&cursor=${page.nextCursor ?? ""}`);
    expect(rest.entries.map(({ action }) => action)).toEqual(["POST /v1/keys"]);
    expect(rest.nextCursor).toBeNull();
    expect((await as(key, "GET", "/v1/audit?limit=0")).status).toBe(400);
    expect((await as(key, "GET", "/v1/audit?cursor=x")).status).toBe(400);
  });
});
