import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { progressValueObjective } from "../../src/formulation/progress-value.ts";
import type { SlotTable } from "../../src/formulation/slot-table.ts";
import { slotTable } from "../../src/formulation/slot-table.ts";
import { slotAssignment } from "../../src/planner/slot-assignment.ts";
import { planningProblem } from "../support/random-problem.ts";
import { seeded } from "../support/seed.ts";

/** The cheapest assignment within a supply by trying everything. */
function cheapest(table: SlotTable, supply: Int32Array): number {
  const jobs = [...table.multiplicity].flatMap((count, c) => Array.from({ length: count }, () => c));
  const left = Int32Array.from(supply);
  const extend = (index: number): number => {
    const c = jobs[index];
    if (c === undefined) return 0;
    let least = extend(index + 1);
    for (let r = 0; r < table.slotCount; r += 1) {
      const cost = table.cost[c * table.slotCount + r] ?? Infinity;
      if ((left[r] ?? 0) === 0 || cost === Infinity) continue;
      left[r] = (left[r] ?? 0) - 1;
      least = Math.min(least, cost + extend(index + 1));
      left[r] = (left[r] ?? 0) + 1;
    }
    return least;
  };
  return extend(0);
}

const SIZE = { maxJobs: 5, maxNodes: 2, maxVmTypes: 2, gpuCounts: [1, 2, 3] };
const supplies = fc.array(fc.array(fc.nat({ max: 2 }), { minLength: 6, maxLength: 6 }), {
  minLength: 1,
  maxLength: 6,
});

describe("the slot assignment", () => {
  it("is the cheapest one after every change of the supply, and is undone exactly", () => {
    fc.assert(
      fc.property(planningProblem(SIZE), supplies, (problem, changes) => {
        const table = slotTable(problem, progressValueObjective(problem));
        const assignment = slotAssignment(table, new Float64Array(table.slotCount));
        const set = (supply: readonly number[]): void => {
          assignment.supply.forEach((_, r) => (assignment.supply[r] = supply[r] ?? 0));
        };
        set([]);
        assignment.balance();
        expect(assignment.cost()).toBeCloseTo(0, 9);
        for (const supply of changes) {
          const before = {
            cost: assignment.cost(),
            use: [...assignment.use],
            supply: [...assignment.supply],
          };
          const mark = assignment.mark();
          set(supply);
          assignment.balance();
          expect(assignment.cost()).toBeCloseTo(cheapest(table, assignment.supply), 8);
          assignment.use.forEach((jobs, r) => {
            if (r < table.slotCount) expect(jobs).toBeLessThanOrEqual(supply[r] ?? 0);
          });
          assignment.undo(mark);
          set(before.supply);
          expect([...assignment.use]).toEqual(before.use);
          expect(assignment.cost()).toBeCloseTo(before.cost, 9);
          set(supply);
          assignment.balance();
        }
      }),
      seeded(1000),
    );
  });

  it("prices one part less and one part more by what they change at most", () => {
    fc.assert(
      fc.property(planningProblem(SIZE), supplies, (problem, [supply = []]) => {
        const table = slotTable(problem, progressValueObjective(problem));
        const assignment = slotAssignment(table, new Float64Array(table.slotCount));
        assignment.supply.forEach((_, r) => (assignment.supply[r] = supply[r] ?? 0));
        assignment.balance();
        const [loss, gain] = [new Float64Array(table.slotCount), new Float64Array(table.slotCount)];
        assignment.marginals(loss, gain);
        const changed = (r: number, by: number): number =>
          cheapest(
            table,
            assignment.supply.map((parts, slot) => (slot === r ? parts + by : parts)),
          );
        for (let r = 0; r < table.slotCount; r += 1) {
          expect(changed(r, 1) - assignment.cost()).toBeCloseTo(0 - (gain[r] ?? NaN), 8);
          if ((assignment.supply[r] ?? 0) > 0) {
            expect(changed(r, -1) - assignment.cost()).toBeCloseTo(loss[r] ?? NaN, 8);
          }
        }
      }),
      seeded(1000),
    );
  });
});
