import type { Express } from "express";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { createService } from "../../src/service/create-service.ts";
import { listen } from "../../src/service/listen.ts";
import { serverDrain } from "../../src/service/operations/drain-server.ts";
import type { ChangeBell } from "../../src/store/change-bell.ts";
import { changeBell } from "../../src/store/change-bell.ts";
import type { TestStore } from "../support/test-store.ts";
import { testStore } from "../support/test-store.ts";
import { fetchAnswer } from "./contract-server.ts";
import { fakeClock } from "./fake-clock.ts";
import { draftSolver } from "./fake-solver.ts";
import { openGuards } from "./open-guards.ts";
import { START_SECONDS } from "./test-cluster.ts";

const reference = loadReferenceData();

let database: TestStore;
let bell: ChangeBell;

beforeAll(async () => {
  database = await testStore();
  bell = await changeBell(database.pool, () => undefined);
});
afterAll(async () => {
  await bell.close();
  await database.close();
});

const app = (): Express => {
  const clock = fakeClock(START_SECONDS);
  const logger = pino({ level: "silent" });
  const { store } = database;
  const guards = openGuards(store, { nowSeconds: () => clock.nowSeconds(), logger });
  return createService({
    store,
    bell,
    reference,
    clock,
    logger,
    guards,
    solver: draftSolver,
    webhookRules: { allow: [] },
  }).app;
};

describe("listen", () => {
  it("serves on 127.0.0.1 and closes", async () => {
    const listening = await listen(app(), { host: "127.0.0.1", port: 0 });
    expect(listening.url).toBe(`http://127.0.0.1:${listening.port}`);
    expect((await fetchAnswer(`${listening.url}/healthz`, {})).status).toBe(200);
    // Not a name that a router can read.
    expect(await fetchAnswer(`${listening.url}/v1/jobs/%E0%A4%A`, {})).toMatchObject({
      status: 400,
      json: { type: "urn:problem-type:berth:malformed-request" },
    });
    await serverDrain(listening.server).drain();
    await expect(fetch(`${listening.url}/healthz`)).rejects.toThrow();
  });

  it("says that a port is in use", async () => {
    const first = await listen(app(), { host: "127.0.0.1", port: 0 });
    const failure = listen(app(), { host: "127.0.0.1", port: first.port });
    await expect(failure).rejects.toThrow(InvalidInput);
    await expect(failure).rejects.toThrow(`port ${first.port} of 127.0.0.1 is in use`);
    await serverDrain(first.server).drain();
  });

  it("says that an address is not this machine's", async () => {
    await expect(listen(app(), { host: "192.0.2.1", port: 0 })).rejects.toThrow(
      "this machine does not have the address",
    );
  });
});
