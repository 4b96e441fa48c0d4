import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathsOf } from "../../../src/service/endpoint.ts";
import { ENDPOINTS } from "../../../src/service/openapi-document.ts";
import { generateApiKey } from "../../../src/service/security/api-key.ts";
import { SCOPES } from "../../../src/service/security/principal.ts";
import type { ContractServer } from "../contract-server.ts";
import { closeDatabase, contractServer, fetchAnswer } from "../contract-server.ts";
import { draftSolver } from "../fake-solver.ts";

const ALL_CLUSTERS = ", on all clusters";
const text = readFileSync(new URL("../../../docs/security.md", import.meta.url), "utf8");
/** "POST /v1/jobs" and what stands beside it. */
const rows = [...text.matchAll(/^\| `([A-Z]+ \/\S*)` +\| ([^|]+?) *\|$/gm)].map(
  ([, endpoint = "", scope = ""]) => ({ endpoint, scope }),
);

describe("the table of scopes in docs/security.md", () => {
  let server: ContractServer;
  beforeAll(async () => {
    server = await contractServer({ solver: draftSolver });
  });
  afterAll(async () => {
    await server.close();
    await closeDatabase();
  });

  it("has every endpoint once, with the scope that it asks for, and nothing else", () => {
    const asked = ENDPOINTS.map((endpoint) => ({
      endpoint: `${endpoint.method.toUpperCase()} ${pathsOf(endpoint).at(-1) ?? ""}`,
      scope: endpoint.access,
    }));
    const byName = (a: { readonly endpoint: string }, b: { readonly endpoint: string }): number =>
      a.endpoint < b.endpoint ? -1 : 1;
    const told = rows.map(({ endpoint, scope }) => ({ endpoint, scope: scope.replace(ALL_CLUSTERS, "") }));
    // It is no endpoint of the document, for its answer is not for programs of ours.
    const metrics = { endpoint: "GET /metrics", scope: "submit" };
    expect(told.sort(byName)).toEqual([...asked, metrics].sort(byName));
  });

  it("is what the service does: each scope opens its endpoints, the one before it does not", async () => {
    const keyOf = async (scope: (typeof SCOPES)[number], clusters: "*" | readonly string[]) => {
      const { text: key, record } = generateApiKey({
        name: scope,
        scopes: [scope],
        clusters,
        createdAtSeconds: server.clock.nowSeconds(),
        expiresAtSeconds: null,
      });
      await server.store.apiKeys.insert(record);
      return key;
    };
    const allKeys = new Map(
      await Promise.all(SCOPES.map(async (scope) => [scope, await keyOf(scope, "*")] as const)),
    );
    const oneClusterKey = await keyOf("admin", ["default"]);
    server.clock.advanceBy(2);
    const ask = async (endpoint: string, key: string | undefined, query = ""): Promise<number> => {
      const [method = "", path = ""] = endpoint.split(" ");
      const url = server.bareUrl + path.replaceAll("{clusterId}", "default").replaceAll(/\{\w+\}/g, "~");
      const { status } = await fetchAnswer(url + query, {
        method,
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        ...(method === "GET" || method === "DELETE" ? {} : { body: '{"nonsense":1}' }),
      });
      return status;
    };
    expect(rows.length).toBeGreaterThan(40);
    for (const { endpoint, scope: told } of rows) {
      const scope = told.replace(ALL_CLUSTERS, "");
      const place = SCOPES.findIndex((one) => one === scope);
      if (scope === "open") {
        expect(await ask(endpoint, undefined), endpoint).not.toBe(401);
        continue;
      }
      expect(await ask(endpoint, undefined), endpoint).toBe(401);
      // Whoever is let through is answered that the rest of the request is wrong, and changes nothing; no stream is begun.
      for (const [index, one] of SCOPES.entries()) {
        const isRefused = (await ask(endpoint, allKeys.get(one), "?nonsense=1")) === 403;
        expect(isRefused, `${endpoint} with ${one}`).toBe(index < place);
      }
      // Of these, who asks may touch is looked at after the request itself.
      if (told.endsWith(ALL_CLUSTERS) && endpoint.startsWith("GET "))
        expect(await ask(endpoint, oneClusterKey), `${endpoint} with admin of one cluster`).toBe(403);
    }
  });
});
