/** What a plan asks for reaches whoever follows it: the stream that resumes, differences, and commands with acknowledgement. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Answer, ContractServer } from "./contract-server.ts";
import { closeDatabase, contractServer, jobSpec } from "./contract-server.ts";
import { draftSolver } from "./fake-solver.ts";

let server: ContractServer;
const following: AbortController[] = [];

beforeEach(async () => {
  server = await contractServer({ solver: draftSolver });
});
afterEach(async () => {
  for (const one of following.splice(0)) one.abort();
  await server.close();
});
afterAll(closeDatabase);

const planned = z.object({ revision: z.number(), commands: z.array(z.looseObject({ kind: z.string() })) });

/** Submits a job, and gives the revision of the plan that knows it. */
async function submit(id: string): Promise<number> {
  const answer = await server.post("/v1/jobs", { jobs: [jobSpec({ id })] });
  expect(answer.status, answer.text).toBe(202);
  return (await server.settled()).plan.revision;
}

/** All plans there are, the first of them first. */
async function revisions(): Promise<readonly number[]> {
  return (await server.store.plans.after("default", 0, 100)).map(({ plan }) => plan.revision);
}

/** Follows the plan; `take` waits for so many more events. */
async function follow(lastEventId: number | null): Promise<(count: number) => Promise<readonly number[]>> {
  const ending = new AbortController();
  following.push(ending);
  const response = await fetch(`${server.url}/v1/plan/stream`, {
    signal: ending.signal,
    headers: lastEventId === null ? {} : { "last-event-id": `${lastEventId}` },
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  if (response.body === null) throw new Error("The stream has no body");
  const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async (count) => {
    const seen: number[] = [];
    while (seen.length < count) {
      const end = text.indexOf("\n\n");
      if (end === -1) {
        const { value, done } = await chunks.read();
        if (done) throw new Error("The stream ended");
        text += value;
        continue;
      }
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      const [, id, data] = /^id: (\d+)\nevent: plan\ndata: (.*)$/.exec(event) ?? [];
      if (id === undefined || data === undefined) continue;
      expect(planned.parse(JSON.parse(data)).revision).toBe(Number(id));
      seen.push(Number(id));
    }
    return seen;
  };
}

describe("the stream of plans", () => {
  it("gives every plan once and in order, from where its reader was, and goes on with new ones", async () => {
    for (const id of ["a", "b"]) await submit(id);
    const before = await revisions();
    expect(before.length).toBeGreaterThanOrEqual(2);
    const [fromTheStart, fromTheFirst] = [await follow(0), await follow(before[0] ?? 0)];
    expect(await fromTheStart(before.length)).toEqual(before);
    expect(await fromTheFirst(before.length - 1)).toEqual(before.slice(1));
    await submit("c");
    const later = (await revisions()).slice(before.length);
    expect(later.length).toBeGreaterThanOrEqual(1);
    expect(await fromTheStart(later.length)).toEqual(later);
    expect(await fromTheFirst(later.length)).toEqual(later);
  });

  it("begins with the plan in force for who was never there, and for who has seen plans of another store", async () => {
    const inForce = await submit("a");
    for (const lastEventId of [null, inForce + 1000]) {
      const take = await follow(lastEventId);
      expect(await take(1)).toEqual([inForce]);
    }
    const upToDate = await follow(inForce);
    const next = await submit("b");
    expect((await upToDate(1))[0]).toBeGreaterThan(inForce);
    expect(next).toBeGreaterThan(inForce);
  });

  it("is refused for a cluster that is not there", async () => {
    expect((await server.get("/v1/clusters/nobody/plan/stream")).status).toBe(404);
  });
});

describe("the difference between two plans", () => {
  it("is what one must do to get from the one to the other, and the opposite the other way round", async () => {
    const first = await submit("a");
    const second = await submit("b");
    const change = z.object({
      rentPerHourChangeUsd: z.number(),
      rentedNodes: z.array(z.object({ nodeId: z.string() })),
      releasedNodes: z.array(z.object({ nodeId: z.string() })),
      jobs: z.array(z.object({ jobId: z.string(), change: z.string(), from: z.unknown(), to: z.unknown() })),
    });
    const between = async (since: number, revision: number) =>
      change.parse((await server.get(`/v1/plans/${revision}/changes?since=${since}`)).json);
    const forth = await between(first, second);
    expect(forth.jobs.map(({ jobId }) => jobId)).toContain("b");
    const back = await between(second, first);
    expect(back.rentPerHourChangeUsd).toBeCloseTo(-forth.rentPerHourChangeUsd, 9);
    expect(back.rentedNodes).toEqual(forth.releasedNodes);
    expect(back.releasedNodes).toEqual(forth.rentedNodes);
    expect(back.jobs.map(({ jobId, from, to }) => [jobId, to, from])).toEqual(
      forth.jobs.map(({ jobId, from, to }) => [jobId, from, to]),
    );
    expect(await between(second, second)).toMatchObject({ jobs: [], rentedNodes: [], releasedNodes: [] });
    expect((await server.get(`/v1/plans/${second}/changes?since=999`)).status).toBe(404);
    expect((await server.get(`/v1/plans/${second}/changes`)).status).toBe(400);
  });
});

describe("a plan that was pruned", () => {
  it("is gone with its differences; its commands and its summary stay", async () => {
    const first = await submit("a");
    const second = await submit("b");
    expect(await server.store.plans.pruneBodies("default", 1)).toBeGreaterThanOrEqual(1);
    expect((await server.get(`/v1/plans/${first}`)).status).toBe(410);
    expect((await server.get(`/v1/plans/${second}/changes?since=${first}`)).status).toBe(410);
    expect((await server.get(`/v1/plans/${second}`)).status).toBe(200);
    expect((await server.get(`/v1/plans/${first}/commands`)).text).toContain("rent-node");
    expect((await server.get("/v1/plans")).text).toContain(`"revision":${first},`);
  });
});

describe("commands", () => {
  const states = z.object({
    commands: z.array(
      z.object({
        number: z.number(),
        status: z.string(),
        command: z.looseObject({ kind: z.string(), nodeId: z.string() }),
      }),
    ),
  });
  const commandsOf = async (revision: number) =>
    states.parse((await server.get(`/v1/plans/${revision}/commands`)).json).commands;
  const settle = (revision: number, number: number, body: object): Promise<Answer> =>
    server.send(`/v1/plans/${revision}/commands/${number}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  it("are acknowledged once; to say the same again changes nothing, to say otherwise is refused", async () => {
    const revision = await submit("a");
    const [rent, start] = await commandsOf(revision);
    expect([rent?.command.kind, start?.command.kind]).toEqual(["rent-node", "start-job"]);
    const done = await settle(revision, 1, { status: "done", note: "vm-17" });
    expect(done).toMatchObject({ status: 200, json: { number: 1, status: "done", note: "vm-17" } });
    server.clock.advanceBy(60);
    expect((await settle(revision, 1, { status: "done", note: "another" })).json).toEqual(done.json);
    expect((await settle(revision, 1, { status: "failed" })).status).toBe(409);
    expect((await settle(revision, 99, { status: "done" })).status).toBe(404);
    expect((await settle(revision, 2, { status: "maybe" })).status).toBe(400);
    expect((await commandsOf(revision)).map(({ status }) => status)).toEqual(["done", "pending"]);
  });

  it("to rent that failed take the node away, and another is decided on", async () => {
    const revision = await submit("a");
    const [rent] = await commandsOf(revision);
    const lost = rent?.command.nodeId ?? "";
    expect((await settle(revision, 1, { status: "failed", note: "SkuNotAvailable" })).status).toBe(200);
    const { plan } = await server.settled();
    expect(plan.revision).toBeGreaterThan(revision);
    const nodes = await server.store.clusters.nodes("default");
    expect(nodes.map(({ id }) => id)).not.toContain(lost);
    expect(nodes).toHaveLength(1);
    const history = await server.get("/v1/jobs/a/history");
    expect(history.text).toContain(lost);
    // Once more changes nothing: the node that is there now stays.
    const { lastSequence } = await server.cluster();
    expect((await settle(revision, 1, { status: "failed" })).status).toBe(200);
    expect((await server.cluster()).lastSequence).toBe(lastSequence);
  });
});
