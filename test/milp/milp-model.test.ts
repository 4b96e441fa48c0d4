import { describe, expect, it } from "vitest";
import { checkPoint } from "../../src/milp/check-point.ts";
import { merged, negated, times, valueAt } from "../../src/milp/linear-expression.ts";
import { lpName, lpText } from "../../src/milp/lp-text.ts";
import { atLeast, atMost, binary, columnList, equal, objectiveAt } from "../../src/milp/milp-model.ts";
import type { MilpModel } from "../../src/milp/milp-model.ts";

const x = 0;
const y = 1;

describe("linear expressions", () => {
  it("merge terms of one column, drop zeros and sort by column", () => {
    const expression = [...times(2, y), ...times(3, x), ...times(-2, y), ...times(1, x)];
    expect(merged(expression)).toEqual([{ column: x, coefficient: 4 }]);
    expect(merged([...times(1, y), ...times(1, x)]).map(({ column }) => column)).toEqual([x, y]);
  });

  it("are negated and valued", () => {
    const expression = [...times(2, x), ...times(-3, y)];
    expect(valueAt(expression, [5, 1])).toBe(7);
    expect(valueAt(negated(expression), [5, 1])).toBe(-7);
    expect(valueAt(expression, [5])).toBeNaN();
  });
});

describe("rows", () => {
  it("bring the columns of both sides to the left", () => {
    expect(atMost("r", times(2, x), times(4, y))).toEqual({
      name: "r",
      lower: -Infinity,
      upper: 0,
      terms: [
        { column: x, coefficient: 2 },
        { column: y, coefficient: -4 },
      ],
    });
  });

  it("hold a number on the right as their bound", () => {
    expect(atMost("r", times(1, x), 3)).toMatchObject({ lower: -Infinity, upper: 3 });
    expect(atLeast("r", times(1, x), 3)).toMatchObject({ lower: 3, upper: Infinity });
    expect(equal("r", times(1, x), 3)).toMatchObject({ lower: 3, upper: 3 });
    expect(atLeast("r", times(1, x), times(1, y))).toMatchObject({ lower: 0, upper: Infinity });
  });
});

const model: MilpModel = {
  name: "two columns",
  columns: [
    binary("x[JJ1,NC6,2]", -1.5),
    { name: "y", lower: -1, upper: Infinity, domain: "continuous", cost: 2 },
  ],
  rows: [
    atMost("capacity[NC6]", [...times(2, x), ...times(1, y)], 3),
    equal("balance", times(1, x), times(1, y)),
    { name: "range", lower: 0, upper: 5, terms: times(1, y) },
    { name: "free", lower: -Infinity, upper: Infinity, terms: times(1, y) },
  ],
};

describe("a model", () => {
  it("numbers its columns in the order they are added", () => {
    const columns = columnList();
    expect([columns.add(binary("a", 0)), columns.add(binary("b", 0))]).toEqual([0, 1]);
    expect(columns.all().map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("has an objective value at every point", () => {
    expect(objectiveAt(model, [1, 4])).toBe(6.5);
  });

  it("is written as LP text", () => {
    expect(lpText(model)).toBe(
      [
        "\\ two columns",
        "Minimize",
        " cost: - 1.5 x(JJ1,NC6,2) + 2 y",
        "Subject To",
        " capacity(NC6): + 2 x(JJ1,NC6,2) + 1 y <= 3",
        " balance: + 1 x(JJ1,NC6,2) - 1 y = 0",
        " range: + 1 y <= 5",
        " range_lower: + 1 y >= 0",
        "Bounds",
        " 0 <= x(JJ1,NC6,2) <= 1",
        " -1 <= y <= +inf",
        "Generals",
        " x(JJ1,NC6,2)",
        "End",
        "",
      ].join("\n"),
    );
  });

  it("writes an objective without costs as zero, and no section of integers without any", () => {
    const text = lpText({
      name: "m",
      columns: [{ name: "y", lower: 0, upper: 1, domain: "continuous", cost: 0 }],
      rows: [],
    });
    expect(text).toContain(" cost: 0 y\n");
    expect(text).not.toContain("Generals");
  });

  it("gives names that the format allows", () => {
    expect(lpName("x[JJ 1,a-b,2]")).toBe("x(JJ_1,a~b,2)");
    expect(lpName("1st")).toBe("_1st");
    expect(lpName("e4")).toBe("_e4");
  });
});

describe("checkPoint", () => {
  it("accepts a feasible point, and one off by less than the tolerance", () => {
    expect(checkPoint(model, [1, 1])).toEqual([]);
    expect(checkPoint(model, [1 + 5e-7, 1])).toEqual([]);
  });

  it("names the broken bound", () => {
    expect(checkPoint(model, [2, 2]).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      "bound x[JJ1,NC6,2]",
      "row capacity[NC6]",
    ]);
  });

  it("names the broken integrality and by how much", () => {
    expect(checkPoint(model, [0.4, 0.4])).toEqual([
      { name: "x[JJ1,NC6,2]", kind: "integrality", amount: 0.4 },
    ]);
  });

  it("names the broken row", () => {
    expect(checkPoint(model, [1, 0])).toEqual([{ name: "balance", kind: "row", amount: 1 }]);
  });

  it("takes a missing or undefined number for a violation", () => {
    expect(checkPoint(model, [1]).length).toBeGreaterThan(0);
    expect(checkPoint(model, [1, NaN]).length).toBeGreaterThan(0);
  });

  it("scales a row by its largest coefficient, no more", () => {
    const bigM: MilpModel = {
      name: "big-M",
      columns: [binary("x", 0)],
      rows: [atMost("r", times(1e6, x), 0)],
    };
    expect(checkPoint(bigM, [5e-7])).toEqual([]);
    expect(checkPoint(bigM, [1]).map(({ kind }) => kind)).toEqual(["row"]);
  });
});
