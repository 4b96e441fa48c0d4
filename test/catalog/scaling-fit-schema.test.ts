import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scalingFitSchema } from "../../src/catalog/scaling-fit-schema.ts";

const path = join(import.meta.dirname, "..", "..", "models", "fits", "K80-tensorflow-scaling.json");
const shipped = scalingFitSchema.parse(JSON.parse(readFileSync(path, "utf8")));

describe("scalingFitSchema", () => {
  it("reads the shipped files", () => {
    expect(shipped.gpu).toBe("K80");
    expect(shipped.withinNode.applications).toHaveLength(5);
  });

  it("refuses a term that would make more GPUs faster, and a field that it does not know", () => {
    const faster = { ...shipped, withinNode: { ...shipped.withinNode, computeShare: -0.1 } };
    expect(scalingFitSchema.safeParse(faster).error?.issues[0]?.path).toEqual(["withinNode", "computeShare"]);
    expect(scalingFitSchema.safeParse({ ...shipped, overlap: 1 }).success).toBe(false);
  });

  it("refuses quantiles out of order", () => {
    const withinNode = { ...shipped.withinNode, residuals: { lower: 1, median: 0.9, upper: 1.1 } };
    expect(scalingFitSchema.safeParse({ ...shipped, withinNode }).success).toBe(false);
  });
});
