import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import { Router } from "express";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { RequestProblem } from "../../../src/service/problem-details.ts";
import type { AuditLog, AuditTrail } from "../../../src/service/security/audit.ts";
import { auditTrail } from "../../../src/service/security/audit.ts";
import { authorize } from "../../../src/service/security/authorize.ts";
import type { LocalServer } from "./local-server.ts";
import { serveApp } from "./local-server.ts";
import { memoryAuditLog } from "./memory-stores.ts";

const NOW = 1_800_000_000;
const servers: LocalServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

interface Audited {
  readonly trail: AuditTrail;
  readonly server: LocalServer;
  readonly logLines: readonly string[];
  readonly send: (
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string,
  ) => Promise<Response>;
}

async function audited(auditLog: AuditLog): Promise<Audited> {
  const logLines: string[] = [];
  const logger = pino({ level: "error" }, { write: (line: string) => void logLines.push(line) });
  const trail = auditTrail({ auditLog, nowSeconds: () => NOW, logger });
  const server = await serveApp((app) => {
    app.use((request, response, next) => {
      request.id = randomUUID();
      response.set("X-Request-Id", request.id);
      next();
    });
    app.use(trail.middleware);
    app.use((request, response, next) => {
      if (request.get("x-throttle") !== undefined) throw new RequestProblem("too-many-requests", "slowly");
      if (request.get("authorization") === undefined) throw new RequestProblem("unauthorized", "who?");
      response.locals.principal = {
        id: "9f86d081884c7d65",
        kind: "api-key",
        scopes: ["plan"],
        clusters: ["berlin"],
      };
      next();
    });
    app
      .route("/v1/clusters/:clusterId/jobs/:jobId")
      .all(authorize({ scope: "plan" }))
      .get((_request, response) => void response.json({}))
      .delete((_request, response) => void response.json({}));
    app.post("/v1/defect", () => {
      throw new Error("a bug");
    });
    app.post("/v1/slow", () => undefined);
    const nested = Router();
    nested.post("/replan/:id", (_request, response) => void response.status(202).json({}));
    app.use("/v1/nested", nested);
  });
  servers.push(server);
  return {
    trail,
    server,
    logLines,
    send: (method, path, headers = { authorization: "Bearer berth_secret" }, body) =>
      fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
  };
}

describe("the audit log", () => {
  it("tells who did what, to what, from where, and how it ended", async () => {
    const log = memoryAuditLog();
    const { send, trail } = await audited(log);
    const response = await send("DELETE", "/v1/clusters/berlin/jobs/JJ1?token=hunter2");
    await trail.settled();
    expect(log.entries).toEqual([
      {
        atSeconds: NOW,
        principalId: "9f86d081884c7d65",
        principalKind: "api-key",
        requestId: response.headers.get("x-request-id"),
        clusterId: "berlin",
        action: "DELETE /v1/clusters/:clusterId/jobs/:jobId",
        target: "/v1/clusters/berlin/jobs/JJ1",
        outcome: "done",
        status: 200,
        sourceAddress: "127.0.0.1",
      },
    ]);
  });

  it("has refused and failed requests, and those that came to no route or named nobody", async () => {
    const log = memoryAuditLog();
    const { send, trail } = await audited(log);
    await send("DELETE", "/v1/clusters/oslo/jobs/JJ1");
    await send("POST", "/v1/defect");
    await send("POST", "/v1/nowhere");
    await send("POST", "/v1/nested/replan/7");
    await send("POST", "/v1/slow", {});
    await trail.settled();
    const found = log.entries.map(({ action, outcome, status, clusterId, principalId }) =>
      [action, outcome, status, clusterId, principalId === null ? "nobody" : "somebody"].join(" | "),
    );
    expect(found).toEqual([
      "DELETE /v1/clusters/:clusterId/jobs/:jobId | refused | 403 | oslo | somebody",
      "POST /v1/defect | failed | 500 |  | somebody",
      "POST (no route) | refused | 404 |  | somebody",
      "POST /v1/nested/replan/:id | done | 202 |  | somebody",
      "POST (no route) | refused | 401 |  | nobody",
    ]);
  });

  it("has no reads, no throttled strangers, no bodies and no secrets", async () => {
    const log = memoryAuditLog();
    const { send, trail } = await audited(log);
    await send("GET", "/v1/clusters/berlin/jobs/JJ1");
    await send("HEAD", "/v1/clusters/berlin/jobs/JJ1");
    await send("POST", "/v1/defect", { "x-throttle": "1" });
    await trail.settled();
    expect(log.entries).toEqual([]);
    await send("POST", "/v1/nested/replan/1", { authorization: "Bearer berth_secret" }, "body-secret");
    await send("POST", `/v1/${"x".repeat(5000)}`);
    await trail.settled();
    expect(log.entries).toHaveLength(2);
    expect(log.entries[1]?.target).toHaveLength(300);
    expect(JSON.stringify(log.entries)).not.toMatch(/secret/);
  });

  it("has requests whose clients hung up", async () => {
    const log = memoryAuditLog();
    const { server, trail } = await audited(log);
    const socket = connect(server.port, "127.0.0.1");
    const arrived = once(server.server, "request");
    socket.write("POST /v1/slow HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nContent-Length: 0\r\n\r\n");
    const [, response] = (await arrived) as [unknown, NodeJS.EventEmitter];
    const closed = once(response, "close");
    socket.destroy();
    await closed;
    await trail.settled();
    expect(log.entries).toMatchObject([
      { outcome: "hung-up", action: "POST /v1/slow", sourceAddress: "127.0.0.1" },
    ]);
  });

  it("goes to the service's log where it cannot be written, and answers go out all the same", async () => {
    const broken: AuditLog = {
      append: () => Promise.reject(new Error("disk full")),
      list: () => Promise.resolve([]),
    };
    const { send, trail, logLines } = await audited(broken);
    expect((await send("POST", "/v1/nested/replan/7")).status).toBe(202);
    await trail.settled();
    expect(logLines).toHaveLength(1);
    expect(JSON.parse(logLines[0] ?? "")).toMatchObject({
      err: { message: "disk full" },
      auditEntry: { action: "POST /v1/nested/replan/:id" },
    });
  });
});
