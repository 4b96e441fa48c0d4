import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_CHANGE_LOSSES } from "../../src/domain/change-losses.ts";
import type { Allocation } from "../../src/domain/allocation.ts";
import { gpusInUse } from "../../src/domain/allocation.ts";
import { assertNever } from "../../src/domain/assert-never.ts";
import type { Command, Plan } from "../../src/domain/plan.ts";
import { churn, commandsBetween, enact } from "../../src/planner/enact.ts";
import { greedy } from "../../src/planner/greedy.ts";
import { place } from "../../src/planner/place.ts";
import { planningProblem, testVmType } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";
import { clusterWith } from "../support/written-cluster.ts";
import { node } from "../support/written-problem.ts";

const text = (command: Command): string => {
  switch (command.kind) {
    case "rent-node":
    case "release-node":
      return `${command.kind} ${command.nodeId} ${command.vmTypeId}`;
    case "stop-job":
      return `stop-job ${command.jobId} on ${command.nodeId}`;
    case "start-job":
      return `start-job ${command.jobId} on ${command.gpus} of ${command.nodeId}`;
    case "move-job":
      return `move-job ${command.jobId} from ${command.fromNodeId} to ${command.gpus} of ${command.nodeId}`;
    default:
      return assertNever(command);
  }
};
const commands = (before: Allocation, after: Allocation): readonly string[] =>
  commandsBetween(before, after).map(text);

describe("commandsBetween", () => {
  it("has nothing to do when nothing changes", () => {
    const same = { nodes: [node("node-1", "NC12", { a: 1, b: 1 })] };
    expect(commands(same, same)).toEqual([]);
  });

  it("stops, releases, rents and starts, in this order", () => {
    const before = { nodes: [node("node-1", "NC6", { a: 1 })] };
    const after = { nodes: [node("node-2", "NC12", { b: 2 })] };
    expect(commands(before, after)).toEqual([
      "stop-job a on node-1",
      "release-node node-1 NC6",
      "rent-node node-2 NC12",
      "start-job b on 2 of node-2",
    ]);
  });

  it("moves a job whose old node stays, and one that gets other GPUs of its node", () => {
    const before = { nodes: [node("node-1", "NC24", { a: 1, b: 1 })] };
    const after = { nodes: [node("node-1", "NC24", { b: 2 }), node("node-2", "NC6", { a: 1 })] };
    const done = commands(before, after);
    expect(done).toContain("move-job a from node-1 to 1 of node-2");
    expect(done).toContain("move-job b from node-1 to 2 of node-1");
    expect(done).toContain("rent-node node-2 NC6");
    expect(done).toHaveLength(3);
  });

  it("stops a job first whose old node is released, and starts it again", () => {
    const before = { nodes: [node("node-1", "NC6", { a: 1 })] };
    const after = { nodes: [node("node-2", "NC12", { a: 2 })] };
    expect(commands(before, after)).toEqual([
      "stop-job a on node-1",
      "release-node node-1 NC6",
      "rent-node node-2 NC12",
      "start-job a on 2 of node-2",
    ]);
  });

  it("applied one by one leads from any allocation to any other, never with more nodes than the larger of them", () => {
    fc.assert(
      fc.property(
        planningProblem({ maxJobs: 8, maxNodes: 4, maxVmTypes: 3, gpuCounts: [1, 2, 4, 7] }),
        fc.boolean(),
        (problem, reversed) => {
          const planned = place(problem, greedy(problem));
          const [before, after] = reversed ? [planned, problem.current] : [problem.current, planned];
          const most = Math.max(before.nodes.length, after.nodes.length);
          let allocation = before;
          for (const command of commandsBetween(before, after)) {
            allocation = apply(allocation, command);
            expect(allocation.nodes.length).toBeLessThanOrEqual(most);
          }
          expect(sorted(allocation)).toEqual(sorted(after));
        },
      ),
      seeded(2000),
    );
  });
});

it("applied one by one never gives more GPUs of a node than it has", () => {
  fc.assert(
    fc.property(
      planningProblem({ maxJobs: 8, maxNodes: 4, maxVmTypes: 3, gpuCounts: [1, 2, 4, 7] }),
      (problem) => {
        const gpuCounts = new Map(problem.vmTypes.map(({ id, gpuCount }) => [id, gpuCount]));
        const planned = place(problem, greedy(problem));
        let allocation = problem.current;
        for (const command of commandsBetween(problem.current, planned)) {
          allocation = apply(allocation, command);
          for (const entry of allocation.nodes) {
            expect(gpusInUse(entry)).toBeLessThanOrEqual(gpuCounts.get(entry.vmTypeId) ?? 0);
          }
        }
      },
    ),
    seeded(500),
  );
});

describe("churn", () => {
  it("counts who moved, also to other GPUs of the node, and who stopped, but not who started", () => {
    const before = { nodes: [node("node-1", "NC24", { a: 1, b: 1, c: 1 }), node("node-2", "NC6", { d: 1 })] };
    const after = { nodes: [node("node-1", "NC24", { a: 1, b: 2, d: 1 }), node("node-3", "NC6", { e: 1 })] };
    expect(churn(before, after)).toEqual({ movedJobIds: ["b", "d"], stoppedJobIds: ["c"] });
  });
});

describe("enact", () => {
  const vmTypes = [testVmType("NC6", { gpuCount: 1, pricePerHourUsd: 1 })];
  const state = clusterWith({ vmTypes, jobs: [] });
  const plan = (allocation: Allocation, revision: number): Plan => ({
    revision,
    decidedAtSeconds: 0,
    policy: "greedy",
    allocation,
    forecasts: [],
    rentPerHourUsd: 0,
    proof: {
      objectiveName: "progress-value",
      sense: "maximize",
      unit: "USD per hour",
      objective: 0,
      bound: null,
      gap: null,
      stopReason: "rule",
    },
    movedJobIds: [],
    stoppedJobIds: [],
    changeLosses: NO_CHANGE_LOSSES,
    wakeUpAtSeconds: null,
  });

  it("makes the plan the allocation, counts the revision and never gives a node's number again", () => {
    const allocation = { nodes: [node("node-7", "NC6", { a: 1 })] };
    const enacted = enact(state, plan(allocation, state.revision));
    expect(enacted).toMatchObject({ allocation, revision: state.revision + 1, nextNodeNumber: 8 });
    const emptied = enact(enacted, plan({ nodes: [] }, enacted.revision));
    expect(emptied.nextNodeNumber).toBe(8);
  });

  it("refuses a plan of another revision", () => {
    expect(() => enact(state, plan({ nodes: [] }, state.revision - 1))).toThrow(/stale/);
  });
});

/** What an executor does; refuses what it could not do. */
function apply({ nodes }: Allocation, command: Command): Allocation {
  const without = (nodeId: string, jobId: string): Allocation => ({
    nodes: nodes.map((entry) => {
      if (entry.id !== nodeId) return entry;
      expect(entry.parts.map((part) => part.jobId)).toContain(jobId);
      return { ...entry, parts: entry.parts.filter((part) => part.jobId !== jobId) };
    }),
  });
  switch (command.kind) {
    case "rent-node":
      expect(nodes.map(({ id }) => id)).not.toContain(command.nodeId);
      return { nodes: [...nodes, { id: command.nodeId, vmTypeId: command.vmTypeId, parts: [] }] };
    case "release-node":
      expect(nodes.find(({ id }) => id === command.nodeId)?.parts).toEqual([]);
      return { nodes: nodes.filter(({ id }) => id !== command.nodeId) };
    case "stop-job":
      return without(command.nodeId, command.jobId);
    case "move-job":
      return apply(without(command.fromNodeId, command.jobId), { ...command, kind: "start-job" });
    case "start-job":
      expect(nodes.flatMap(({ parts }) => parts.map(({ jobId }) => jobId))).not.toContain(command.jobId);
      return {
        nodes: nodes.map((entry) =>
          entry.id === command.nodeId
            ? { ...entry, parts: [...entry.parts, { jobId: command.jobId, gpus: command.gpus }] }
            : entry,
        ),
      };
    default:
      return assertNever(command);
  }
}

const sorted = ({ nodes }: Allocation): readonly string[] =>
  nodes
    .map(
      ({ id, vmTypeId, parts }) =>
        `${id} ${vmTypeId} ${parts
          .map((part) => `${part.jobId}:${part.gpus}`)
          .sort()
          .join(" ")}`,
    )
    .sort();
