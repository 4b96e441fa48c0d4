import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobId, nodeId, vmTypeId } from "../../src/domain/ids.ts";
import { inLanes, onGpus } from "../../src/report/gantt-chart.ts";
import { simulationPage } from "../../src/report/simulation-page.ts";
import { simulationsText, simulationView } from "../../src/report/simulation-view.ts";
import { element, escaped, roundTicks, tickText } from "../../src/report/svg.ts";
import { historyRecorder } from "../../src/simulator/history.ts";
import { metricsOf } from "../../src/simulator/metrics.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { ruleMeans, SETTINGS, testJob } from "../support/simulation.ts";

const jobs = [
  testJob("a<b>", { seconds: { "big 2": 3600 } }),
  testJob("c", {
    seconds: { "big 2": 7200 },
    submittedAtSeconds: 600,
    dueAtSeconds: 700,
    weightPerSecondUsd: 0.01,
  }),
];

async function figures() {
  const recorder = historyRecorder(SETTINGS.vmTypes);
  const { state } = await simulate({
    settings: SETTINGS,
    jobs,
    means: ruleMeans("greedy"),
    untilSeconds: null,
    onDecision: recorder.record,
  });
  const history = recorder.history();
  return {
    scenarioName: "two & two",
    policy: "greedy",
    seed: 1,
    durations: "as predicted",
    metrics: metricsOf(state, history, 1.5),
    history,
    vmTypes: SETTINGS.vmTypes,
    maxNodes: SETTINGS.maxNodes,
  };
}

describe("the report of a simulation", () => {
  test("is one file that asks for nothing from elsewhere", async () => {
    const page = simulationPage([await figures()]);
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|https?:/);
    expect(page).toContain("two &amp; two");
    expect(page).toContain("a&lt;b&gt;");
    expect(page).not.toContain("a<b>");
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("view and table hold the same figures", async () => {
    const simulation = await figures();
    const view = simulationView(simulation);
    expect(view).toMatchObject({
      policy: "greedy",
      scenario: "two & two",
      jobsCompleted: 2,
      jobsLate: 1,
      lowerBoundUsd: 1.5,
    });
    expect(view.totalCostUsd).toBeCloseTo(view.vmCostUsd + view.tardinessCostUsd, 12);
    expect(simulationsText([simulation])).toContain(view.totalCostUsd.toFixed(2));
  });
});

describe("charts", () => {
  test("jobs that run at the same time never share a GPU", () => {
    // Runs of a node in which at most four GPUs are in use: two lanes of two.
    const run = fc.record({
      gpus: fc.constantFrom(1, 2),
      seconds: fc.integer({ min: 1, max: 20 }),
      lane: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), (drawn) => {
        const next = [0, 0];
        const runs = drawn.map(({ gpus, seconds, lane }, index) => {
          const fromSeconds = next[lane] ?? 0;
          next[lane] = fromSeconds + seconds;
          return {
            jobId: jobId(`j${index}`),
            nodeId: nodeId("node-1"),
            vmTypeId: vmTypeId("big"),
            gpus: gpus > 1 ? 2 : 1,
            fromSeconds,
            progressFromSeconds: fromSeconds,
            toSeconds: fromSeconds + seconds,
          };
        });
        const placed = onGpus(runs, 8);
        for (const a of placed) {
          for (const b of placed) {
            if (a === b || a.run.toSeconds <= b.run.fromSeconds || b.run.toSeconds <= a.run.fromSeconds)
              continue;
            expect(a.firstGpu + a.run.gpus <= b.firstGpu || b.firstGpu + b.run.gpus <= a.firstGpu).toBe(true);
          }
        }
      }),
    );
  });

  test("a node takes the first row that is free", () => {
    const node = (id: string, fromSeconds: number, toSeconds: number) => ({
      nodeId: nodeId(id),
      vmTypeId: vmTypeId("big"),
      fromSeconds,
      readyAtSeconds: fromSeconds,
      toSeconds,
    });
    const lanes = inLanes([node("n1", 0, 10), node("n2", 5, 20), node("n3", 10, 15), node("n4", 16, 18)]);
    expect(lanes.map((lane) => lane.row)).toEqual([0, 1, 0, 0]);
  });

  test("ticks are round and within the range", () => {
    expect(roundTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(roundTicks(3, 17, 4)).toEqual([5, 10, 15]);
    expect([1500, 15_000, 2_500_000, 0.25].map(tickText)).toEqual(["1500", "15k", "2.5M", "0.25"]);
  });

  test("text is escaped wherever it goes", () => {
    expect(escaped(`<a b="c">&`)).toBe("&lt;a b=&quot;c&quot;&gt;&amp;");
    expect(element("text", { x: 1.26, class: '"' }, { text: "<" })).toBe(
      '<text x="1.3" class="&quot;">&lt;</text>',
    );
  });
});
