/** Requests that make clusters and webhooks, repeated with their Idempotency-Key. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { generateApiKey } from "../../src/service/security/api-key.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;

beforeEach(async () => {
  server = await contractServer({
    solver: draftSolver,
    webhookRules: { allow: [{ kind: "network", cidr: "127.0.0.0/8" }] },
  });
});
afterEach(() => server.close());
afterAll(closeDatabase);

const teamA = {
  id: "team-a",
  catalog: { kind: "shipped", name: "slides-2019", region: "slides-2019" },
  maxNodes: 3,
  replanIntervalSeconds: 1800,
  policy: "progress-value",
  pricePlan: {
    reservations: [
      {
        vmTypeId: "Standard_NC6",
        region: "slides-2019",
        nodes: 1,
        pricePerHourUsd: 0.2,
        validUntil: "2026-11-21T13:00:00+01:00",
      },
    ],
  },
};
const hook = { url: "http://127.0.0.1:8080/hook" };

const withKey = (
  path: string,
  key: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  server.send(path, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
    body: JSON.stringify(body),
  });
const replays = (answers: readonly Answer[]): number =>
  answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true").length;
const clusterIds = async (): Promise<readonly string[]> =>
  (await server.store.clusters.all()).map(({ id }) => id);

describe("a cluster that is created with an Idempotency-Key", () => {
  it("is answered again as it was, headers too, though it has changed since", async () => {
    const first = await withKey("/v1/clusters", "k1", teamA);
    expect(first.status).toBe(201);
    expect(replays([first])).toBe(0);
    const { status } = await server.send("/v1/clusters/team-a", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ maxNodes: 5 }),
    });
    expect(status).toBe(200);
    const second = await withKey("/v1/clusters", "k1", teamA);
    expect(second).toMatchObject({ status: 201, json: first.json });
    expect(replays([second])).toBe(1);
    for (const name of ["etag", "location"]) expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(await clusterIds()).toEqual(["default", "team-a"]);
    // Without the key it is what it was before: a cluster whose id is taken.
    expect((await server.post("/v1/clusters", teamA)).status).toBe(409);
  });

  it("is refused when the key comes with something else, and created under another key", async () => {
    await withKey("/v1/clusters", "k1", teamA);
    for (const body of [
      { ...teamA, maxNodes: 4 },
      { ...teamA, id: "team-b" },
    ])
      expect(await withKey("/v1/clusters", "k1", body)).toMatchObject({
        status: 409,
        json: { detail: expect.stringContaining('Idempotency-Key "k1"') as string },
      });
    expect(await clusterIds()).toEqual(["default", "team-a"]);
    expect((await withKey("/v1/clusters", "k2", { ...teamA, id: "team-b" })).status).toBe(201);
  });

  it("may be tried again when it was refused", async () => {
    expect((await withKey("/v1/clusters", "k1", { ...teamA, id: "default" })).status).toBe(409);
    expect(
      (await withKey("/v1/clusters", "k1", { ...teamA, catalog: { ...teamA.catalog, region: "mars" } }))
        .status,
    ).toBe(422);
    expect((await withKey("/v1/clusters", "k1", teamA)).status).toBe(201);
  });

  it("is created once also when the request comes many times at once", async () => {
    const same = await Promise.all(Array.from({ length: 6 }, () => withKey("/v1/clusters", "k1", teamA)));
    expect(same.map(({ status }) => status)).toEqual(same.map(() => 201));
    expect(new Set(same.map(({ text }) => text)).size).toBe(1);
    expect(replays(same)).toBe(5);
    const others = await Promise.all(
      ["b", "c", "d"].map((id) => withKey("/v1/clusters", "k2", { ...teamA, id })),
    );
    expect(others.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await clusterIds()).length).toBe(3);
  });

  it("has keys of its own: another principal's, and those of clusters, are others", async () => {
    await withKey("/v1/clusters", "k1", teamA);
    expect((await withKey("/v1/replan", "k1", {})).status).toBe(202);
    const { text, record } = generateApiKey({
      name: "other",
      scopes: ["admin"],
      clusters: "*",
      createdAtSeconds: server.clock.nowSeconds(),
      expiresAtSeconds: null,
    });
    await server.store.apiKeys.insert(record);
    server.clock.advanceBy(2);
    const bearer = { authorization: `Bearer ${text}` };
    expect((await withKey("/v1/clusters", "k1", { ...teamA, id: "team-b" }, bearer)).status).toBe(201);
  });
});

describe("a webhook that is registered with an Idempotency-Key", () => {
  it("is registered once, and its secret answered again", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => withKey("/v1/webhooks", "k1", hook)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.text).toContain("whsec_");
    expect(replays(answers)).toBe(2);
    expect(await server.store.webhooks.list("default")).toHaveLength(1);
    expect((await withKey("/v1/webhooks", "k1", { url: `${hook.url}/2` })).status).toBe(409);
    expect((await withKey("/v1/webhooks", "k2", hook)).status).toBe(201);
    expect(await server.store.webhooks.list("default")).toHaveLength(2);
  });
});
