/**
 * Every refusal that openapi.yaml says an operation may answer with because of what it is (guarded, about a cluster, with a body) is provoked at that operation,
 * and held to the document. Refusals with a reason of their own (409, 410, 412, 422, 503) are in the tests of what they are about.
 */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Endpoint } from "../../src/service/endpoint.ts";
import { readsBody } from "../../src/service/endpoint.ts";
import { MAX_BODY_BYTES } from "../../src/service/json-body.ts";
import { ENDPOINTS } from "../../src/service/openapi-document.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer } from "./contract-server.ts";
import { DOCUMENT } from "./documented-answers.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;
afterEach(() => server.close());
afterAll(closeDatabase);

/** What no store has. */
const NOBODYS: Readonly<Record<string, string>> = {
  "{jobId}": "nobody",
  "{revision}": "999999",
  "{number}": "1",
  "{webhookId}": "wh_0123456789abcdef",
  "{comparisonId}": randomUUID(),
  "{campaignId}": randomUUID(),
  "{keyId}": "0123456789abcdef",
};
const TEMPLATES: Readonly<Record<string, string>> = { getPlanChanges: "?since=1" };

/** Whoever has any key may ask these, only a token without any scope may not (security/jwt-verifier.test.ts). */
const WITH_ANY_KEY = ["listClusters", "listNetworks"];

/** Health is asked for by whoever watches the service: it has no key, and does not fail with the store. */
const OPEN = ENDPOINTS.filter(({ access }) => access === "open").map(({ operationId }) => operationId);

const templateOf = ({ scope, path }: Endpoint): string =>
  scope === "cluster" ? `/v1/clusters/{clusterId}${path}` : path;

function urlOf(endpoint: Endpoint, clusterId: string): string {
  const template = templateOf(endpoint).replace("{clusterId}", clusterId);
  const url = Object.entries(NOBODYS).reduce((text, [name, value]) => text.replace(name, value), template);
  return `${url}${TEMPLATES[endpoint.operationId] ?? ""}`;
}

/** Operations that are documented to answer with a status. */
function documentedWith(status: number): readonly Endpoint[] {
  return ENDPOINTS.filter((endpoint) => {
    const operation = DOCUMENT.paths?.[templateOf(endpoint)]?.[endpoint.method];
    return `${status}` in (operation?.responses ?? {});
  });
}

const exampleOf = ({ body }: Endpoint): unknown => Object.values(body.examples)[0]?.value;

function ask(
  endpoint: Endpoint,
  {
    clusterId = "default",
    query = "",
    key,
    ...given
  }: {
    readonly clusterId?: string;
    readonly query?: string;
    readonly key?: string;
    readonly body?: string;
    readonly type?: string;
  } = {},
): Promise<Answer> {
  const url = urlOf(endpoint, clusterId);
  const body = given.body ?? JSON.stringify(exampleOf(endpoint));
  return server.send(`${url}${query === "" ? "" : `${url.includes("?") ? "&" : "?"}${query}`}`, {
    method: endpoint.method.toUpperCase(),
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(readsBody(endpoint) ? { "content-type": given.type ?? "application/json" } : {}),
    },
    ...(readsBody(endpoint) ? { body } : {}),
  });
}

/** Asks each operation that is documented with a status, and says which answer otherwise. */
async function otherwise(
  status: number,
  how: (endpoint: Endpoint) => Promise<Answer>,
  except: readonly string[] = [],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const operations = documentedWith(status).filter(({ operationId }) => !except.includes(operationId));
  expect(operations.length).toBeGreaterThan(0);
  for (const endpoint of operations) {
    const answer = await how(endpoint);
    if (answer.status !== status)
      wrong.push(`${endpoint.operationId}: ${answer.status} ${answer.text.slice(0, 300)}`);
    else if (!(answer.headers.get("content-type") ?? "").startsWith("application/problem+json"))
      wrong.push(`${endpoint.operationId}: ${status} is no problem`);
  }
  return wrong;
}

const made = z.object({ key: z.string() });

async function makeKey(request: object, by?: string): Promise<string> {
  const answer = await server.send("/v1/keys", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(by === undefined ? {} : { authorization: `Bearer ${by}` }),
    },
    body: JSON.stringify(request),
  });
  expect(answer.status, answer.text).toBe(201);
  return made.parse(answer.json).key;
}

describe("whatever operation is asked", () => {
  it("refuses what it does not know, bodies of another type, and such as are too large", async () => {
    server = await contractServer({ solver: draftSolver });
    await server.settled();
    const before = await server.footprint();
    expect(await otherwise(400, (endpoint) => ask(endpoint, { query: "nonsense=1" }))).toEqual([]);
    expect(await otherwise(415, (endpoint) => ask(endpoint, { type: "text/plain", body: "x" }))).toEqual([]);
    const large = JSON.stringify("x".repeat(MAX_BODY_BYTES));
    expect(await otherwise(413, (endpoint) => ask(endpoint, { body: large }))).toEqual([]);
    expect(await server.footprint()).toEqual(before);
  });

  it("does not find clusters, jobs, plans, comparisons, campaigns, webhooks and keys that are not there", async () => {
    server = await contractServer({ solver: draftSolver });
    await server.settled();
    expect(await otherwise(404, (endpoint) => ask(endpoint, { clusterId: "nobody" }))).toEqual([]);
  });

  it("wants a key once there is one, and one that may do it", async () => {
    server = await contractServer({ solver: draftSolver });
    await server.settled();
    const admin = await makeKey({ name: "admin", scopes: ["admin"], clusters: "*" });
    const elsewhere = await makeKey(
      { name: "elsewhere", scopes: ["submit"], clusters: ["elsewhere"] },
      admin,
    );
    // Whether there is a key is looked up once a second.
    server.clock.advanceBy(1);
    expect(await otherwise(401, (endpoint) => ask(endpoint))).toEqual([]);
    expect(await otherwise(403, (endpoint) => ask(endpoint, { key: elsewhere }), WITH_ANY_KEY)).toEqual([]);
  });

  it("asks for patience when it is asked too often", async () => {
    server = await contractServer({
      solver: draftSolver,
      rateLimits: { readsPerMinute: 1, writesPerMinute: 1 },
    });
    await server.settled();
    await server.get("/v1/jobs");
    await server.post("/v1/replan", {});
    expect(await otherwise(429, (endpoint) => ask(endpoint))).toEqual([]);
  });

  it("says that something is wrong with the service where it is", async () => {
    server = await contractServer({ solver: draftSolver });
    await server.settled();
    const { db } = server.store;
    await sql`ALTER TABLE api_keys RENAME TO secret_of_the_inside`.execute(db);
    try {
      server.clock.advanceBy(1);
      expect(await otherwise(500, (endpoint) => ask(endpoint), OPEN)).toEqual([]);
    } finally {
      await sql`ALTER TABLE secret_of_the_inside RENAME TO api_keys`.execute(db);
    }
  });
});
