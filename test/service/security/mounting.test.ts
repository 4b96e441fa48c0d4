/** All parts together, in the order that docs/decisions/0012 gives, with one request of each kind. */
import { randomUUID } from "node:crypto";
import helmet from "helmet";
import { pino } from "pino";
import { pinoHttp } from "pino-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/service/operations/metrics.ts";
import { traceRequests } from "../../../src/service/operations/tracing.ts";
import { readJsonBody } from "../../../src/service/json-body.ts";
import { RequestProblem } from "../../../src/service/problem-details.ts";
import { anonymousUntilFirstKey } from "../../../src/service/security/anonymous-access.ts";
import { generateApiKey } from "../../../src/service/security/api-key.ts";
import type { AuditTrail } from "../../../src/service/security/audit.ts";
import { auditTrail } from "../../../src/service/security/audit.ts";
import { authenticate } from "../../../src/service/security/authenticate.ts";
import { authorize } from "../../../src/service/security/authorize.ts";
import { FailedAttempts } from "../../../src/service/security/failed-attempts.ts";
import { rateLimits } from "../../../src/service/security/rate-limits.ts";
import { loggerOptions } from "../../../src/service/security/redaction.ts";
import { fetchAnswer } from "../contract-server.ts";
import type { Answer } from "../contract-server.ts";
import type { LocalServer } from "./local-server.ts";
import { serveApp } from "./local-server.ts";
import { memoryAuditLog, memoryKeys } from "./memory-stores.ts";

const NOW = 1_800_000_000;
const grant = { name: "a", createdAtSeconds: NOW, expiresAtSeconds: null } as const;
const submitter = generateApiKey({ ...grant, scopes: ["submit"], clusters: ["berlin"] });
const planner = generateApiKey({ ...grant, scopes: ["plan"], clusters: "*" });
const log = memoryAuditLog();
const logLines: string[] = [];
const metrics = createMetrics();
let trail: AuditTrail;
let server: LocalServer;

beforeAll(async () => {
  const logger = pino(loggerOptions("info"), { write: (line: string) => void logLines.push(line) });
  const keys = memoryKeys(submitter.record, planner.record);
  const nowSeconds = (): number => NOW;
  trail = auditTrail({ auditLog: log, nowSeconds, logger });
  server = await serveApp((app) => {
    app.set("trust proxy", false);
    app.use(metrics.requests);
    app.use(pinoHttp({ logger, genReqId: () => randomUUID() }));
    app.use(traceRequests());
    app.use(helmet());
    app.use(trail.middleware);
    app.use(
      authenticate({
        keys,
        jwt: null,
        anonymous: anonymousUntilFirstKey(keys, nowSeconds),
        failures: new FailedAttempts(),
        nowSeconds,
        logger,
      }),
    );
    for (const limit of rateLimits({ readsPerMinute: 3, writesPerMinute: 3 })) app.use(limit);
    app.get("/healthz", (_request, response) => void response.json({}));
    app.get("/metrics", authorize({ scope: "submit", clusterOf: () => "*" }), metrics.page);
    app.post(
      "/v1/clusters/:clusterId/replan",
      authorize({ scope: "plan" }),
      ...readJsonBody(),
      (_request, response) => void response.status(202).json({}),
    );
    app.use((request) => {
      throw new RequestProblem("unknown-route", `Nothing is at ${request.path}.`);
    });
  });
});
afterAll(() => server.close());

const send = (path: string, method: string, key?: string): Promise<Answer> =>
  fetchAnswer(`${server.url}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    // Not JSON: only who may do this gets so far that it is read.
    ...(method === "POST" ? { body: "hunter2" } : {}),
  });

describe("all parts together", () => {
  it("answer each request by the first of them that has something against it", async () => {
    const replan = "/v1/clusters/berlin/replan";
    const forged = generateApiKey({ ...grant, scopes: ["admin"], clusters: "*" }).text;
    const answers = [
      await send(replan, "POST"),
      await send(replan, "POST", forged),
      await send(replan, "POST", submitter.text),
      await send(replan, "POST", planner.text),
      await send("/v1/nowhere", "POST", planner.text),
      await send(`/v1/nowhere?key=${planner.text}`, "DELETE", planner.text),
      await send(replan, "POST", planner.text),
      await send("/healthz", "GET"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 400, 404, 404, 429, 200]);
    for (const { status, headers, text } of answers) {
      expect(headers.get("content-type")).toContain(
        status === 200 ? "application/json" : "application/problem+json",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(text).not.toContain(planner.text);
    }
    await trail.settled();
    expect(log.entries.map(({ status, principalId }) => [status, principalId])).toEqual([
      [401, null],
      [401, null],
      [403, submitter.record.id],
      [400, planner.record.id],
      [404, planner.record.id],
      [404, planner.record.id],
      [429, planner.record.id],
    ]);
    const page = await send("/metrics", "GET", planner.text);
    expect(page.text).toContain('method="POST",route="/v1/clusters/:clusterId/replan",status="403"} 1');
    expect((await send("/metrics", "GET", submitter.text)).status).toBe(403);
    const written = [...logLines, ...log.entries.map((entry) => JSON.stringify(entry)), page.text].join("\n");
    expect(logLines.length).toBeGreaterThan(8);
    for (const secret of [submitter, planner].map(({ text }) => text.slice(-40)))
      expect(written).not.toContain(secret);
    expect(written).not.toContain("hunter2");
    expect(written).not.toContain(forged.slice(-40));
  });
});
