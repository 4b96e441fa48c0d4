import { afterAll, describe, expect, it } from "vitest";
import { applyVariant } from "../../src/comparison/apply-variant.ts";
import { horizonTask, runHorizon } from "../../src/comparison/horizon-run.ts";
import { scaledTable } from "../../src/domain/duration-table.ts";
import { advance } from "../../src/planner/observe.ts";
import {
  horizonRunOf,
  horizonRunText,
  horizonTaskOf,
  horizonTaskText,
} from "../../src/service/comparisons/horizon-codec.ts";
import { highsSolver } from "../../src/solver/highs-solver.ts";
import { frozenBase, hourJob, uncertain, variant } from "../support/comparison.ts";
import { node, NOW_SECONDS } from "../support/written-problem.ts";

const solver = highsSolver({ threads: 1 });
afterAll(() => solver.close());

const LIMITS = { relativeGap: 1e-3, maxTreeNodes: 2000, seed: 1 };
const shared = scaledTable(hourJob("unit").durations, 1 / 3);
const started = frozenBase({
  jobs: [uncertain(hourJob("a"), 1.7), { ...hourJob("b"), durations: shared, checkpointSeconds: 60 }],
  arrivals: [{ ...hourJob("c"), durations: shared, submittedAtSeconds: NOW_SECONDS + 1800.1 + 0.2 }],
  nodes: [node("node-1", "one", { a: 1 })],
});
const base = { ...started, state: advance(started.state, NOW_SECONDS + 1800) };
const TASKS = [
  variant("as it is"),
  variant("careful", { plannedDurations: "P90", maxNodes: 1 }),
  variant("late", { dueDateSlack: { factor: 0.1, addedSeconds: -1e-7 } }),
].map((own) => horizonTask(applyVariant(base, own), LIMITS, "every-decision"));

describe("a horizon as text", () => {
  it.each(TASKS)("$name comes back as it was, task and run, and runs as it would have", async (task) => {
    const text = horizonTaskText(task);
    expect(horizonTaskOf(text)).toStrictEqual(task);
    expect(horizonTaskText(horizonTaskOf(text))).toBe(text);
    const run = await runHorizon(task, solver);
    if (run === null) throw new Error("It was stopped");
    expect(horizonRunOf(horizonRunText(run))).toStrictEqual(run);
    expect(await runHorizon(horizonTaskOf(text), solver)).toStrictEqual(run);
  });

  it("keeps the numbers that JSON does not, and refuses what is no plain data", async () => {
    const [task] = TASKS;
    if (task === undefined) throw new Error("There is no task");
    const run = await runHorizon(task, solver);
    if (run === null) throw new Error("It was stopped");
    const odd = { ...run, metrics: { ...run.metrics, moves: -0, stops: NaN }, largestGap: Infinity };
    expect(horizonRunOf(horizonRunText(odd))).toStrictEqual(odd);
    const least = { ...run, largestGap: -Infinity };
    expect(horizonRunOf(horizonRunText(least))).toStrictEqual(least);
    expect(() => horizonRunText(Object.assign({ ...run }, { more: new Map() }))).toThrow("plain data");
  });

  it("holds the durations of a workload once", () => {
    const { entries } = shared;
    expect(entries.length).toBeGreaterThan(0);
    const kept: unknown = JSON.parse(horizonTaskText(TASKS[0] ?? expect.fail()));
    expect(kept).toMatchObject({ tables: expect.any(Object) as unknown });
    const { tables } = kept as { readonly tables: object };
    expect(Object.keys(tables)).toHaveLength(2);
  });
});
