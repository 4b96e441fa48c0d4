/**
 * A real service on a free port of 127.0.0.1, behind a validator that holds every documented answer to openapi.yaml.
 * An answer that the document does not allow becomes a 599, which no test expects.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import express from "express";
import type { ErrorRequestHandler } from "express";
import { middleware } from "express-openapi-validator";
import { pino } from "pino";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { PolicyName } from "../../src/planner/policy.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import type { Service } from "../../src/service/create-service.ts";
import { createService } from "../../src/service/create-service.ts";
import type { EventLog } from "../../src/store/event-log.ts";
import { EXACT } from "../support/limits.ts";
import type { FakeClock } from "./fake-clock.ts";
import { fakeClock } from "./fake-clock.ts";

/** An answer, its JSON parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; null for another. */
  readonly json: unknown;
}

export interface ContractServer {
  readonly url: string;
  readonly service: Service;
  readonly clock: FakeClock;
  /** Lines of the service's log. */
  readonly logLines: readonly string[];
  readonly get: (path: string) => Promise<Answer>;
  readonly post: (path: string, body: unknown) => Promise<Answer>;
  readonly send: (path: string, request: RequestInit) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

export const NOON = Date.UTC(2026, 10, 20, 12) / 1000;

const reference = loadReferenceData();
const { settings } = loadScenario(shippedScenarioPath("prototype-2019"), reference);

/** Made once for all servers of a test file: it compiles the whole document. */
const contract = middleware({
  apiSpec: fileURLToPath(new URL("../../openapi.yaml", import.meta.url)),
  validateApiSpec: true,
  validateRequests: false,
  validateResponses: true,
  validateSecurity: false,
  ignoreUndocumented: true,
  fileUploader: false,
});

/** The cluster of the 2019 prototype (two nodes, four VM types), at noon of 2026-11-20, with no job. */
export async function contractServer(options: {
  readonly solver: SolverPort;
  readonly eventLog?: EventLog;
  readonly policy?: PolicyName;
}): Promise<ContractServer> {
  const clock = fakeClock(NOON);
  const logLines: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => void logLines.push(line) });
  const service = createService({
    settings,
    reference,
    policy: "progress-value",
    limits: EXACT,
    clock,
    logger,
    ...options,
  });
  const outer = express();
  outer.use(contract);
  outer.use(service.app);
  const undocumented: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    response.status(599).json({ undocumented: `${request.method} ${request.originalUrl}: ${reason}` });
  };
  outer.use(undocumented);
  const server = createServer((request, response) => {
    outer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${portOf(address)}`;
  const send = (path: string, request: RequestInit): Promise<Answer> => fetchAnswer(`${url}${path}`, request);
  return {
    url,
    service,
    clock,
    logLines,
    send,
    get: (path) => send(path, {}),
    post: (path, body) =>
      send(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.close();
    },
  };
}

/** Fetches, following no redirect. */
export async function fetchAnswer(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...request });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const json: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, json };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return address.port;
}

/** A job as posted, due in a day. */
export const jobSpec = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  network: "resnet50",
  framework: "pytorch",
  batchSize: 64,
  samples: 130000,
  epochs: 1,
  dueAt: "2026-11-20T14:00:00Z",
  tardinessCostPerHourUsd: 32.4,
  ...more,
});
