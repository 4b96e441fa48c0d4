import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { nodeLimitsOf } from "../../src/catalog/limits.ts";
import type { Limits } from "../../src/catalog/limits.ts";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import type { ClusterSettings } from "../../src/domain/cluster-state.ts";
import type { SolverPort } from "../../src/milp/solver-port.ts";
import type { FeasibilityView } from "../../src/report/feasibility-view.ts";
import { feasibilitySchema } from "../../src/report/feasibility-view.ts";
import { lazySolver, withinSeconds } from "../../src/service/feasibility/lazy-solver.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { EXACT } from "../support/limits.ts";
import type { Answer, ContractServer } from "./contract-server.ts";
import { NOON, closeDatabase, contractServer, jobSpec } from "./contract-server.ts";
import { draftSolver, fakeSolver } from "./fake-solver.ts";

const { settings } = loadScenario(shippedScenarioPath("prototype-2019"), loadReferenceData());
const priceOf = (id: string): number =>
  settings.vmTypes.find((vmType) => vmType.id === id)?.pricePerHourUsd ?? NaN;

let highs: SolverPort;
let server: ContractServer | undefined;
beforeAll(() => {
  highs = highsSolver({ threads: 1 });
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(async () => {
  await highs.close();
  await closeDatabase();
});

/** A cluster with these limits, and quotas by VM type; VM types that `only` does not name are not offered. */
async function clusterOf(
  change: {
    readonly maxNodes?: number;
    readonly limits?: Limits;
    readonly quotas?: Readonly<Record<string, number>>;
    readonly only?: readonly string[];
  },
  solver: SolverPort = highs,
): Promise<ContractServer> {
  const vmTypes = settings.vmTypes
    .filter(({ id }) => change.only?.includes(id) ?? true)
    .map((vmType) => ({ ...vmType, quotaNodes: change.quotas?.[vmType.id] ?? null }));
  const limits = nodeLimitsOf(change.limits ?? {}, vmTypes);
  if (limits.kind === "refused") throw new Error(JSON.stringify(limits.problems));
  const own: ClusterSettings = {
    ...settings,
    vmTypes,
    nodeLimits: limits.nodeLimits,
    maxNodes: change.maxNodes ?? 2,
  };
  server = await contractServer({ solver, settings: own });
  return server;
}

/** A job that only runs on all four GPUs of a Standard_NV24, for an hour. */
const filling = (more: Readonly<Record<string, unknown>> = {}) => ({
  framework: "pytorch",
  batchSize: 64,
  samples: 1000,
  epochs: 1,
  dueAt: "2026-11-21T14:00:00Z",
  tardinessCostPerHourUsd: 1,
  measuredSecondsPerEpoch: [{ vmType: "Standard_NV24", gpus: 4, secondsPerEpoch: 3600 }],
  ...more,
});
const three = [filling(), filling(), filling()];
const NV24 = priceOf("Standard_NV24");

/** What a question must leave as it was. */
const kept = ({ store }: ContractServer) => store.jobs.counts("default");

async function ask(own: ContractServer, body: unknown): Promise<FeasibilityView> {
  const before = await kept(own);
  const answer = await own.post("/v1/feasibility", body);
  expect(answer.status, answer.text).toBe(200);
  expect(await kept(own)).toEqual(before);
  return feasibilitySchema.parse(answer.json);
}

/** What has to be raised, alternative by alternative. */
const raises = (view: FeasibilityView): readonly (readonly (readonly [string | null, number, number])[])[] =>
  view.kind === "raise"
    ? view.alternatives.map(({ changes }) => changes.map(({ limitId, from, to }) => [limitId, from, to]))
    : [];

describe("POST /v1/feasibility", () => {
  it("says that jobs could run at once, and registers nothing", async () => {
    const own = await clusterOf({ maxNodes: 2 });
    expect(await ask(own, { jobs: [filling(), filling({ id: "second" })] })).toEqual({
      kind: "feasible",
      jobCount: 2,
      sentence: "The 2 jobs could run at once within the limits, no other job running.",
    });
    expect(await ask(own, { allActive: true })).toMatchObject({ kind: "feasible", jobCount: 0 });
  });

  it("names the only limit that is in the way, and by how much it has to be raised: not more, not less", async () => {
    const own = await clusterOf({ maxNodes: 2 });
    const view = await ask(own, { jobs: three });
    expect(view).toMatchObject({
      kind: "raise",
      jobCount: 3,
      sentence:
        "The 3 jobs cannot run at once within the limits, even with no other job running. Raise maxNodes from 2 to 3 nodes.",
      alternatives: [{ sentence: "Raise maxNodes from 2 to 3 nodes.", relativeIncrease: 0.5 }],
    });
    expect(raises(view)).toEqual([[["max-nodes", 2, 3]]]);
    expect((await own.post("/v1/clusters/default/feasibility", { jobs: three })).json).toEqual(view);
    await own.close();
    expect(await ask(await clusterOf({ maxNodes: 3 }), { jobs: three })).toMatchObject({ kind: "feasible" });
  });

  it("names a budget per hour in dollars, and both limits where one is not enough", async () => {
    const alone = await clusterOf({ maxNodes: 3, limits: { budgetPerHourUsd: 3 } });
    const budget = await ask(alone, { jobs: three });
    expect(budget).toMatchObject({
      kind: "raise",
      alternatives: [
        {
          sentence: `Raise the hourly budget from 3.00 to ${(3 * NV24).toFixed(2)} USD per hour.`,
          changes: [{ kind: "node-limit", limitId: "budget-per-hour", unit: "USD per hour", from: 3 }],
        },
      ],
    });
    expect(raises(budget)[0]?.[0]?.[2]).toBeCloseTo(3 * NV24, 9);
    await alone.close();
    const both = await ask(await clusterOf({ maxNodes: 2, limits: { budgetPerHourUsd: 3 } }), {
      jobs: three,
    });
    const [changes, ...others] = raises(both);
    expect(others).toEqual([]);
    expect(changes?.map(([limitId]) => limitId)).toEqual(["max-nodes", "budget-per-hour"]);
    expect(changes?.[1]?.[2]).toBeCloseTo(3 * NV24, 9);
  });

  it("weighs VM types of a quota of 0 for jobs that were let in without them, and for new ones", async () => {
    const own = await clusterOf({
      maxNodes: 1,
      only: ["Standard_NC6", "Standard_NV24"],
      quotas: { Standard_NV24: 0 },
    });
    await own.post("/v1/jobs", { jobs: [jobSpec({ id: "A" }), jobSpec({ id: "B" })] });
    await own.settled();
    for (const body of [{ allActive: true }, { jobIds: ["A"], jobs: [jobSpec()] }])
      expect([...raises(await ask(own, body))].sort()).toEqual([
        [["max-nodes", 1, 2]],
        [["quota-nodes Standard_NV24", 0, 1]],
      ]);
    expect(await ask(own, { jobIds: ["B"] })).toMatchObject({ kind: "feasible", jobCount: 1 });
    expect(raises(await ask(own, { jobs: [filling()] }))).toEqual([[["quota-nodes Standard_NV24", 0, 1]]]);
  });

  it("raises a job's budget to what it has spent and what is left of it costs", async () => {
    const own = await clusterOf({ maxNodes: 1, only: ["Standard_NV24"] });
    const budgetUsd = 1.5 * NV24;
    await own.post("/v1/jobs", { jobs: [filling({ id: "A", budgetUsd })] });
    const { revision } = (await own.settled()).plan;
    own.clock.advanceTo(NOON + 2700);
    const nodeId = z
      .object({ jobs: z.array(z.object({ placement: z.object({ nodeId: z.string() }) })) })
      .safeParse((await own.get("/v1/jobs")).json);
    const node = nodeId.data?.jobs[0]?.placement.nodeId ?? "node-1";
    expect((await own.post("/v1/events", { kind: "node-lost", nodeId: node })).status).toBe(202);
    await own.planAfter(revision);
    const view = await ask(own, { jobIds: ["A"] });
    expect(view).toMatchObject({
      kind: "raise",
      alternatives: [{ changes: [{ kind: "job-budget", jobId: "A", limitId: null, unit: "USD" }] }],
    });
    // All of the 45 minutes were lost with the node: an hour is left to be paid for.
    expect(raises(view)[0]?.[0]?.[1]).toBeCloseTo(budgetUsd, 9);
    expect(raises(view)[0]?.[0]?.[2]).toBeCloseTo(1.75 * NV24, 6);
    const fresh = await ask(own, { jobs: [filling({ budgetUsd: 1 })] });
    expect(fresh).toMatchObject({ alternatives: [{ changes: [{ jobId: "/jobs/0", from: 1 }] }] });
  });

  it("is about one moment, though time goes on while it is worked out", async () => {
    const own = await clusterOf({ maxNodes: 2 });
    await own.post("/v1/jobs", { jobs: [jobSpec({ id: "A" })] });
    await own.settled();
    const answered = new AbortController();
    const asked = ask(own, { allActive: true, jobs: three }).finally(() => {
      answered.abort();
    });
    while (!answered.signal.aborted) {
      own.clock.advanceBy(1e-3);
      await setImmediate();
    }
    expect(await asked).toMatchObject({ kind: "raise", jobCount: 4 });
  });

  it("says which jobs no VM type hosts, and why", async () => {
    const own = await clusterOf({ maxNodes: 2 });
    const view = await ask(own, { jobs: [filling(), jobSpec({ id: "huge", batchSize: 100_000 })] });
    expect(view).toMatchObject({ kind: "impossible", jobCount: 2, jobs: [{ jobId: "huge" }] });
    expect(view.sentence).toMatch(/^Whatever the limits, no VM type of the cluster hosts huge \(.*GiB/);
  });

  it("is unknown without a proof, and leaves others their turn while it is worked out", async () => {
    const own = await clusterOf({}, draftSolver);
    expect(await ask(own, { jobs: three })).toEqual({
      kind: "unknown",
      jobCount: 3,
      sentence:
        "Whether the 3 jobs could run at once is not known: the solver met its deadline first. Ask for fewer of them.",
    });
    await own.close();
    const solver = fakeSolver();
    const waiting = await clusterOf({}, solver);
    const asked = waiting.post("/v1/feasibility", { jobs: three });
    await solver.asked();
    expect((await waiting.get("/v1/jobs")).status).toBe(200);
    solver.answer();
    expect((await asked).json).toMatchObject({ kind: "unknown" });
  });

  describe("refuses", () => {
    const problem = async (body: unknown, status: number, expected: readonly unknown[]): Promise<Answer> => {
      const own = server ?? (await clusterOf({}, draftSolver));
      const before = await kept(own);
      const answer = await own.post("/v1/feasibility", body);
      expect(answer, answer.text).toMatchObject({ status, json: { status, problems: expected } });
      expect(await kept(own)).toEqual(before);
      return answer;
    };

    it("questions about nothing, and about too much", async () => {
      await problem({}, 400, [{ path: "", message: "no job is asked for" }]);
      await problem({ allActive: false }, 400, [{ path: "" }]);
      await problem({ jobIds: ["A"], allActive: true }, 400, [{ path: "/jobIds" }]);
      await problem({ jobs: new Array(101).fill(filling()) }, 400, [{ path: "/jobs" }]);
      await problem({ jobIds: ["A"], jobs: new Array(100).fill(filling()) }, 422, [{ path: "", value: 101 }]);
      await server?.post("/v1/jobs", { jobs: new Array(99).fill(filling()) });
      await server?.settled();
      await problem({ allActive: true, jobs: [filling(), filling()] }, 422, [
        { path: "", value: 101, fix: expect.stringContaining("fewer") as string },
      ]);
    });

    it("jobs that are not there, have ended, come twice, or cannot be planned for", async () => {
      const own = await clusterOf({}, draftSolver);
      await own.post("/v1/jobs", { jobs: [filling({ id: "A" }), filling({ id: "done" })] });
      await own.post("/v1/events", { kind: "job-completed", jobId: "done" });
      await own.settled();
      await problem({ jobIds: ["A", "done", "nobody"] }, 422, [
        { path: "/jobIds/1", value: "done", message: "the job is completed already" },
        { path: "/jobIds/2", value: "nobody", message: "no job has this id" },
      ]);
      await problem({ jobIds: ["A"], jobs: [filling({ id: "A" }), jobSpec({ network: "nonet" })] }, 422, [
        { path: "/jobs/0/id", value: "A" },
        { path: "/jobs/1/network", value: "nonet", fix: expect.stringContaining("resnet50") as string },
      ]);
      expect((await own.post("/v1/clusters/nobody/feasibility", { jobs: three })).status).toBe(404);
    });
  });
});

describe("solvers of a question", () => {
  const model = { name: "nothing", columns: [], rows: [] };

  it("are opened at the first solve and closed if they were", async () => {
    const made: string[] = [];
    const open = (): SolverPort => {
      made.push("opened");
      return { ...draftSolver, close: () => Promise.resolve(void made.push("closed")) };
    };
    await lazySolver(open).close();
    expect(made).toEqual([]);
    const lazy = lazySolver(open);
    await lazy.solve(model, EXACT);
    await lazy.solve(model, EXACT);
    await lazy.close();
    expect(made).toEqual(["opened", "closed"]);
  });

  it("share one time, and are not asked once it is up", async () => {
    const given: (number | null)[] = [];
    let now = 100;
    const solver: SolverPort = {
      ...draftSolver,
      solve: (_, { deadlineSeconds }) => {
        given.push(deadlineSeconds);
        now += 8;
        return draftSolver.solve(model, EXACT);
      },
    };
    const bounded = withinSeconds(solver, 20, () => now);
    for (const deadlineSeconds of [null, 5, null]) await bounded.solve(model, { ...EXACT, deadlineSeconds });
    expect(given).toEqual([20, 5, 4]);
    expect(await bounded.solve(model, EXACT)).toEqual({
      kind: "no-incumbent",
      bound: null,
      reason: "deadline",
    });
    expect(given).toHaveLength(3);
  });
});
