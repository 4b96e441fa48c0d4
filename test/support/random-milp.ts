/** Random small MILPs with integer data, so that every solver's arithmetic is exact enough to compare optima. */
import * as fc from "fast-check";
import type { MilpModel } from "../../src/milp/milp-model.ts";

/** Sizes of the models drawn. */
export interface MilpSize {
  readonly integers: number;
  readonly continuous: number;
  readonly maxRows: number;
}

const coefficient = fc.integer({ min: -9, max: 9 });

/** Bounded models: integers in 0..upper (upper ≤ 3), continuous columns in 0..upper (upper ≤ 9), rows of every sense. */
export function boundedMilp(size: MilpSize): fc.Arbitrary<MilpModel> {
  const columns = size.integers + size.continuous;
  return fc
    .record({
      uppers: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: columns, maxLength: columns }),
      costs: fc.array(coefficient, { minLength: columns, maxLength: columns }),
      rows: fc.array(
        fc.record({
          sense: fc.constantFrom("at-most", "at-least", "equal", "between"),
          coefficients: fc.array(coefficient, { minLength: columns, maxLength: columns }),
          side: fc.integer({ min: -12, max: 20 }),
          width: fc.integer({ min: 1, max: 9 }),
        }),
        { maxLength: size.maxRows },
      ),
    })
    .map(({ uppers, costs, rows }) => ({
      name: "random",
      columns: uppers.map((upper, index) => ({
        name: `c${index}`,
        lower: 0,
        upper: index < size.integers ? upper % 4 : upper,
        domain: index < size.integers ? "integer" : "continuous",
        cost: costs[index] ?? 0,
      })),
      rows: rows.map(({ sense, coefficients, side, width }, index) => ({
        name: `r${index}`,
        lower: sense === "at-most" ? -Infinity : side,
        upper: sense === "at-least" ? Infinity : sense === "between" ? side + width : side,
        terms: coefficients.flatMap((value, column) => (value === 0 ? [] : [{ column, coefficient: value }])),
      })),
    }));
}
