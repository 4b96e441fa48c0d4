import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openapiYaml } from "../../src/service/openapi-document.ts";
import type { ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, fetchAnswer } from "./contract-server.ts";
import { DOCUMENT, validatorOf } from "./documented-answers.ts";
import { draftSolver } from "./fake-solver.ts";
import { serve } from "./security/local-server.ts";

let server: ContractServer;

beforeAll(async () => {
  server = await contractServer({ solver: draftSolver });
  await server.settled();
});
afterAll(async () => {
  await server.close();
  await closeDatabase();
});

const workload = { network: "resnet50", framework: "pytorch", batchSize: 64, samples: 130_000, epochs: 3 };

describe("estimates", () => {
  const answerSchema = z.object({
    iterations: z.number(),
    durations: z.array(
      z.object({
        vmType: z.string(),
        lowerSeconds: z.number(),
        durationSeconds: z.number(),
        upperSeconds: z.number(),
      }),
    ),
    missing: z.array(z.object({ vmType: z.string(), reason: z.string() })),
  });

  it("predict every configuration of the catalogue, or say why not", async () => {
    const answer = await server.post("/v1/estimates", workload);
    expect(answer.status).toBe(200);
    const { iterations, durations, missing } = answerSchema.parse(answer.json);
    expect(iterations).toBe(3 * Math.ceil(130_000 / 64));
    expect(durations.length + missing.length).toBe(1 + 1 + 2 + 4);
    for (const { lowerSeconds, durationSeconds, upperSeconds } of durations) {
      expect(lowerSeconds).toBeLessThanOrEqual(durationSeconds);
      expect(upperSeconds).toBeGreaterThanOrEqual(durationSeconds);
    }
  });

  it("say what is missing when nothing fits, and register nothing", async () => {
    const before = await server.footprint();
    const answer = await server.post("/v1/estimates", { ...workload, network: "bert-base", batchSize: 4096 });
    expect(answer).toMatchObject({ status: 200, json: { durations: [] } });
    const { missing } = answerSchema.parse(answer.json);
    expect(missing[0]?.reason).toMatch(/needs .* GiB/);
    expect(await server.footprint()).toEqual(before);
  });

  it("take layers inline", async () => {
    const network = {
      input: [3, 32, 32],
      layers: [{ kind: "fc", name: "fc", inputs: ["input"], input: [3, 32, 32], output: [10], bias: true }],
    };
    expect(await server.post("/v1/estimates", { ...workload, network })).toMatchObject({
      status: 200,
      json: { network: "inline" },
    });
  });

  it("refuse unknown networks and wrong fields", async () => {
    expect(await server.post("/v1/estimates", { ...workload, network: "resnet51" })).toMatchObject({
      status: 422,
      json: { problems: [{ path: "/network", value: "resnet51" }] },
    });
    expect(await server.post("/v1/estimates", { ...workload, framework: "mxnet", dueAt: "x" })).toMatchObject(
      {
        status: 400,
        json: { problems: [{ path: "/framework" }, { path: "/dueAt" }] },
      },
    );
  });
});

describe("reference data", () => {
  it("lists the VM types with prices, and the cluster's limits", async () => {
    expect(await server.get("/v1/catalog")).toMatchObject({
      status: 200,
      json: {
        maxNodes: 2,
        replanIntervalSeconds: 3600,
        vmTypes: [
          { id: "Standard_NC6", pricePerHourUsd: 0.56, quotaNodes: null },
          { id: "Standard_NV12" },
          { id: "Standard_NV24" },
          { id: "Standard_NV6" },
        ],
      },
    });
  });

  it("lists the networks with their totals", async () => {
    const answer = await server.get("/v1/networks");
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      networks: expect.arrayContaining([
        expect.objectContaining({ name: "alexnet" }),
        expect.objectContaining({ name: "resnet50", weightCount: 25_557_032 }),
      ]) as unknown[],
    });
  });
});

describe("health", () => {
  it("is alive and ready", async () => {
    expect(await server.get("/healthz")).toMatchObject({ status: 200, json: { status: "ok" } });
    expect(await server.get("/readyz")).toMatchObject({
      status: 200,
      json: { status: "ready", clusterCount: 1 },
    });
    expect((await server.send("/healthz", { method: "HEAD" })).status).toBe(200);
  });
});

describe("documentation", () => {
  it("openapi.yaml is OpenAPI", async () => {
    const app = express().use(validatorOf(DOCUMENT, { validateApiSpec: true }));
    const { url, close } = await serve((request, response) => {
      app(request, response);
    });
    // The validator says what it thinks of its document at the first request.
    const answer = await fetchAnswer(`${url}/anywhere`, {});
    await close();
    expect(answer).toMatchObject({
      status: 404,
      text: expect.stringContaining("Cannot GET /anywhere") as string,
    });
  });

  it("openapi.yaml is what the schemas say; else run `npm run openapi`", async () => {
    const path = fileURLToPath(new URL("../../openapi.yaml", import.meta.url));
    expect(readFileSync(path, "utf8")).toBe(openapiYaml());
    const answer = await server.get("/openapi.yaml");
    expect(answer).toMatchObject({ status: 200, text: openapiYaml() });
    expect(answer.headers.get("content-type")).toContain("yaml");
  });

  it("has a page that asks no other host", async () => {
    const page = await server.get("/docs/");
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|\*/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).toMatch(/^\.\//);
      expect((await server.get(`/docs/${link.slice(2)}`)).status).toBe(200);
    }
    // The policy allows no inline script; the page must not need one.
    expect(page.text).not.toMatch(/<script(?![^>]*src=)/);
    const init = await server.get("/docs/swagger-ui-init.js");
    expect(init.text).toContain('"url": "/openapi.yaml"');
    expect(init.text).toContain('"validatorUrl": null');
  });
});
