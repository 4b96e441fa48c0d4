import { afterEach, describe, expect, it, vi } from "vitest";
import type { Principal } from "../../../src/service/security/principal.ts";
import type { RateLimits } from "../../../src/service/security/rate-limits.ts";
import { rateLimits } from "../../../src/service/security/rate-limits.ts";
import type { Answer } from "../contract-server.ts";
import { fetchAnswer } from "../contract-server.ts";
import type { LocalServer } from "./local-server.ts";
import { serveApp } from "./local-server.ts";

const servers: LocalServer[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Takes whoever the header x-test-principal names for the principal. */
async function limited(
  limits: RateLimits,
): Promise<(path: string, method?: string, who?: string) => Promise<Answer>> {
  const server = await serveApp((app) => {
    app.use((request, response, next) => {
      const id = request.get("x-test-principal");
      if (id !== undefined) response.locals.principal = principalCalled(id);
      next();
    });
    for (const limit of rateLimits(limits)) app.use(limit);
    app.use((_request, response) => void response.json({}));
  });
  servers.push(server);
  return (path, method = "GET", who) =>
    fetchAnswer(`${server.url}${path}`, {
      method,
      headers: who === undefined ? {} : { "x-test-principal": who },
    });
}

const principalCalled = (id: string): Principal => ({
  id,
  kind: "api-key",
  scopes: ["submit"],
  clusters: "*",
});

describe("a budget", () => {
  it("is told in each answer, and used up with 429 as a problem", async () => {
    const ask = await limited({ readsPerMinute: 2, writesPerMinute: 1 });
    const first = await ask("/v1/plan");
    expect(first.status).toBe(200);
    expect(first.headers.get("ratelimit-policy")).toMatch(/"reads"; ?q=2; ?w=60/);
    expect(first.headers.get("ratelimit")).toMatch(/"reads"; ?r=1; ?t=\d+/);
    expect((await ask("/v1/plan")).status).toBe(200);
    const over = await ask("/v1/plan");
    expect(over).toMatchObject({
      status: 429,
      json: {
        type: "urn:problem-type:berth:too-many-requests",
        detail: expect.stringContaining("At most 2 reads") as string,
      },
    });
    expect(over.headers.get("content-type")).toContain("application/problem+json");
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(over.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  it("for writes is another than that for reads", async () => {
    const ask = await limited({ readsPerMinute: 1, writesPerMinute: 2 });
    const statuses = [];
    for (const method of ["GET", "POST", "DELETE", "PUT", "HEAD"])
      statuses.push((await ask("/v1/x", method)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  it("belongs to one principal, and to one address where there is none", async () => {
    const ask = await limited({ readsPerMinute: 1, writesPerMinute: "off" });
    expect((await ask("/v1/x", "GET", "alice")).status).toBe(200);
    expect((await ask("/v1/x", "GET", "bob")).status).toBe(200);
    expect((await ask("/v1/x", "GET", "alice")).status).toBe(429);
    expect((await ask("/v1/x")).status).toBe(200);
    expect((await ask("/v1/x")).status).toBe(429);
  });

  it("leaves health checks alone", async () => {
    const ask = await limited({ readsPerMinute: 1, writesPerMinute: 1 });
    for (let count = 0; count < 4; count += 1) expect((await ask("/readyz")).status).toBe(200);
  });

  it("is unlimited only where that is said", async () => {
    const ask = await limited({ readsPerMinute: "off", writesPerMinute: 1 });
    for (let count = 0; count < 20; count += 1) expect((await ask("/v1/x")).status).toBe(200);
    expect((await ask("/v1/x")).headers.get("ratelimit")).toBeNull();
    expect(rateLimits({ readsPerMinute: "off", writesPerMinute: "off" })).toEqual([]);
  });

  it("is there again after a minute", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    const ask = await limited({ readsPerMinute: 1, writesPerMinute: 1 });
    expect((await ask("/v1/x")).status).toBe(200);
    expect((await ask("/v1/x")).status).toBe(429);
    vi.advanceTimersByTime(60_001);
    expect((await ask("/v1/x")).status).toBe(200);
  });
});
