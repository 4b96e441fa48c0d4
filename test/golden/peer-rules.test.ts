/** FIFO, EDF and Priority are rules without choice, so our simulator must come out where the peer's did: same semantics of time, rent and tardiness. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readCsvFile } from "../../src/catalog/csv-file.ts";
import { runSimulation } from "../../src/cli/simulation-run.ts";

const DATA = "../shared/data";
const METHODS = { fifo: "FIFO", edf: "EDF", priority: "Priority" } as const;

describe.skipIf(!existsSync(`${DATA}/gpuspb`))(
  "first-principle rules on the peer's scenarios (skipped without ../shared/data)",
  () => {
    const cases = (["gpuspb", "gpuspb-cloud"] as const).flatMap((family) =>
      ["nodes-02", "nodes-04"].flatMap((instance) =>
        (["fifo", "edf", "priority"] as const).map((policy) => ({ family, instance, policy })),
      ),
    );

    test.each(cases)("$policy on $family/$instance", async ({ family, instance, policy }) => {
      const peer = readCsvFile(`${DATA}/${family}/peer-results.csv`, [
        "instance",
        "method",
        "total_cost",
        "tardiness_s",
      ]).rows.find((row) => row.text("instance") === instance && row.text("method") === METHODS[policy]);
      const { metrics } = await runSimulation({
        source: { kind: "gpuspb", path: `${DATA}/${family}/${instance}` },
        policy,
        seed: 1,
        actual: { kind: "predicted" },
        relativeGap: 0,
        maxTreeNodes: null,
      });
      const tardiness = peer?.number("tardiness_s", 0) ?? NaN;
      const cost = peer?.number("total_cost", 0) ?? NaN;
      // The peer prints six digits. Among equally fast setups it takes whichever its hash map gives first, we the cheapest: on the cloud types that is up to 0.6 % less rent.
      expect(Math.abs(metrics.tardinessSeconds - tardiness)).toBeLessThanOrEqual(1e-5 * tardiness + 0.01);
      expect(metrics.totalCostUsd).toBeLessThanOrEqual(cost * (1 + 1e-5));
      expect(metrics.totalCostUsd).toBeGreaterThanOrEqual(cost * (family === "gpuspb" ? 1 - 1e-5 : 0.994));
    });

    test("greedy has no tardiness where the peer has none, and is never below the bound", async () => {
      const { metrics } = await runSimulation({
        source: { kind: "gpuspb", path: `${DATA}/gpuspb/nodes-04` },
        policy: "greedy",
        seed: 1,
        actual: { kind: "predicted" },
        relativeGap: 0,
        maxTreeNodes: null,
      });
      expect(metrics.tardinessSeconds).toBe(0);
      expect(metrics.ratioToLowerBound).toBeGreaterThanOrEqual(1);
      expect(metrics.lowerBoundUsd).toBeCloseTo(179.04, 1);
    });
  },
);
