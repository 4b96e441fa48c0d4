/** Reads are not sent again to who has them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ENDPOINTS } from "../../src/service/openapi-document.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

/** Reads without ETag: what nobody should keep, and what is no one body. */
const WITHOUT_TAG = ["getHealth", "getReadiness", "listKeys", "listAuditEntries", "streamPlans"];
/** Of a comparison or a campaign that is done: see comparisons-api.test.ts and campaigns-api.test.ts. */
const ELSEWHERE = [
  "getComparisonVariants",
  "getComparisonDifferences",
  "getComparisonMarginalValues",
  "getCampaignRuns",
  "getCampaignMeans",
  "getCampaignReport",
];

const TAGGED = ENDPOINTS.filter(
  ({ method, operationId }) =>
    method === "get" && !WITHOUT_TAG.includes(operationId) && !ELSEWHERE.includes(operationId),
);
const identified = z.object({ id: z.string() });

let server: ContractServer;
/** Where each read finds something. */
let places: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await contractServer({
    solver: draftSolver,
    webhookRules: { allow: [{ kind: "network", cidr: "127.0.0.0/8" }] },
  });
  await server.settled();
  const { planRevision: first } = await server.cluster();
  await server.post("/v1/jobs", { jobs: [jobSpec({ id: "a" })] });
  const { plan } = await server.settled();
  const webhook = await server.post("/v1/webhooks", { url: "http://127.0.0.1:8080/" });
  const comparison = await server.post("/v1/comparisons", {
    mode: "decision",
    variants: [{ name: "as it is" }, { name: "one node", maxNodes: 1 }],
  });
  const campaign = await server.post("/v1/campaigns", { nodes: [1], lambdaSeconds: [30_000] });
  places = {
    "{clusterId}": "default",
    "{jobId}": "a",
    "{revision}": `${plan.revision}`,
    "{webhookId}": identified.parse(webhook.json).id,
    "{comparisonId}": identified.parse(comparison.json).id,
    "{campaignId}": identified.parse(campaign.json).id,
    "/changes": `/changes?since=${first ?? -1}`,
  };
});
afterAll(async () => {
  await server.close();
  await closeDatabase();
});

const placed = (path: string): string =>
  Object.entries(places).reduce((text, [name, value]) => text.replace(name, value), path);
const ask = (path: string, seen?: string): Promise<Answer> =>
  server.send(path, seen === undefined ? {} : { headers: { "if-none-match": seen } });
const tagOf = (answer: Answer): string => answer.headers.get("etag") ?? "none";

describe("a read", () => {
  it("has an ETag unless it is known to have none", () => {
    const without = ENDPOINTS.filter(
      ({ method, headers }) => method === "get" && !("if-none-match" in headers.shape),
    );
    expect(without.map(({ operationId }) => operationId).sort()).toEqual([...WITHOUT_TAG].sort());
  });

  it.each(TAGGED.map(({ operationId, scope, path }) => ({ operationId, scope, path })))(
    "by $operationId is sent once, and 304 afterwards",
    async ({ scope, path }) => {
      const url = placed(scope === "cluster" ? `/v1/clusters/default${path}` : path);
      const answer = await ask(url);
      expect(answer.status, answer.text).toBe(200);
      expect(tagOf(answer)).toMatch(/^W\/"[^"]+"$/);
      expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
      expect(await ask(url, tagOf(answer))).toMatchObject({ status: 304, text: "" });
      expect(await ask(url, `W/"else", ${tagOf(answer)}`)).toMatchObject({ status: 304 });
      expect(await ask(url, 'W/"else"')).toMatchObject({ status: 200, text: answer.text });
    },
  );

  it("is sent again when it says something else", async () => {
    const urls = ["/v1/clusters", "/v1/catalog", "/v1/plan/explanation", "/v1/plans", "/v1/jobs/a/history"];
    const before = await Promise.all(urls.map((url) => ask(url)));
    const { status } = await server.send("/v1/clusters/default", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ maxNodes: 1 }),
    });
    expect(status).toBe(200);
    await server.post("/v1/events", { kind: "progress-reported", jobId: "a", completedShare: 0.5 });
    await server.settled();
    for (const [index, url] of urls.entries()) {
      const seen = before[index];
      if (seen === undefined) throw new Error(`${url} was not read`);
      const after = await ask(url, tagOf(seen));
      expect(after.status, url).toBe(200);
      expect(after.text).not.toBe(seen.text);
    }
  });
});
