import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import {
  LAYER_PROFILE_COLUMNS,
  parseLayerProfile,
  type LayerProfileOptions,
} from "../../src/catalog/layer-profile-csv.ts";

const header = LAYER_PROFILE_COLUMNS.join(",");
const options: LayerProfileOptions = { times: "required", unknownKinds: "refuse" };
const parse = (lines: readonly string[], chosen = options): ReturnType<typeof parseLayerProfile> =>
  parseLayerProfile([header, ...lines].join("\n"), "p.csv", chosen);

/** Problems of a file as "path: message". */
function problemsOf(lines: readonly string[], chosen = options, head = header): readonly string[] {
  try {
    parseLayerProfile([head, ...lines].join("\n"), "p.csv", chosen);
  } catch (error) {
    if (error instanceof InvalidInput)
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

const conv = "net,32,conv1,conv,3x224x224,64x112x112,7,2,3,1,1.5,3";

describe("parseLayerProfile", () => {
  it("reads layers with their windows and times", () => {
    const [first, second] = parse([conv, "net,32,pool1,pool,64x112x112,64x56x56,3,2,,,0.5,0.9"]).rows;
    expect(first).toMatchObject({
      line: 2,
      network: "net",
      batchSize: 32,
      forwardSeconds: 0.0015,
      backwardSeconds: 0.003,
      layer: {
        kind: "conv",
        inputs: ["input"],
        kernel: [7, 7],
        stride: [2, 2],
        padding: [3, 3, 3, 3],
        groups: 1,
      },
    });
    expect(second?.layer).toMatchObject({ kind: "pool", inputs: ["conv1"] });
  });

  it("takes floor and ceil rounding of windows, and refuses any other output", () => {
    expect(problemsOf(["n,1,p,pool,64x112x112,64x55x55,3,2,0,,1,1"])).toEqual([]);
    expect(problemsOf(["n,1,p,pool,64x112x112,64x56x56,3,2,0,,1,1"])).toEqual([]);
    expect(problemsOf(["n,1,p,pool,64x112x112,64x57x57,3,2,0,,1,1"])).toEqual([
      "row 2, column output: kernel, stride and pad give 55 or 56 by 55 or 56 positions, under floor and ceil rounding",
    ]);
  });

  it("takes a pooling without kernel as global or adaptive", () => {
    expect(parse(["n,1,p,pool,2048x7x7,2048x1x1,,,,,1,1"]).rows[0]?.layer).toMatchObject({ kernel: [7, 7] });
  });

  it("reads a first convolution and those of parallel towers as the network's input", () => {
    const rows = parse([conv, "net,32,tower,conv,3x224x224,64x112x112,7,2,3,1,1.5,3"]).rows;
    expect(rows.map(({ layer }) => layer.inputs)).toEqual([["input"], ["input"]]);
  });

  it("lists every problem of a file by row and column", () => {
    const problems = problemsOf([
      "n,1,a,relu,8,8,,,,,-1,1",
      "n,1,b,relu,8,8,,,,,3.2ms,1",
      "n,1,c,relu,8,8,,,,,NaN,1",
      "n,1,d,relu,8,8,,,,,0,1",
      "n,1,e,warp,8,8,,,,,1,1",
      "n,0,f,relu,8,8,,,,,1,1",
      "n,1,g,fc,32x8x8x8,10,,,,,1,1",
      "n,1,h,conv,6x8x8,9x8x8,3,1,1,2,1,1",
      "n,1,,relu,8,9,,,,,1,1e9",
      "n,1,i,relu,8,8",
      "n,1,j,conv,6x8x8,9x8x8,,1,1,1,,1",
    ]);
    expect(problems).toEqual([
      "row 2, column forwardMilliseconds: a time cannot be negative",
      "row 3, column forwardMilliseconds: the number has a unit",
      "row 4, column forwardMilliseconds: is not a number",
      "row 5, column forwardMilliseconds: a relu layer computes and cannot take 0 ms",
      "row 6, column kind: this kind is not known",
      "row 7, column batch: is not a whole number of samples",
      "row 8, column input: is not a shape",
      "row 9, column groups: does not divide the channels read and written",
      "row 10, column layer: the layer is blank",
      "row 10, column backwardMilliseconds: is more than 10000000 ms for one layer and batch",
      "row 10, column output: a relu layer writes as many numbers as it reads",
      "row 11: it has 6 cells, the header has 12",
      "row 12, column forwardMilliseconds: the time is blank",
      "row 12, column kernel: is blank",
    ]);
  });

  it("allows 0 for kinds that may only hand on a pointer, and blank backward times", () => {
    const [row] = parse(["n,1,s,split,8x4x4,8x4x4,,,,,0,"]).rows;
    expect(row).toMatchObject({
      forwardSeconds: 0,
      backwardSeconds: undefined,
      layer: { kind: "copy", operator: "split" },
    });
  });

  it("leaves rows of unknown kinds out only where asked, and lists them", () => {
    const { rows, skipped } = parse([conv, "n,1,e,warp,8,8,,,,,1,1"], { ...options, unknownKinds: "skip" });
    expect(rows).toHaveLength(1);
    expect(skipped).toEqual([{ line: 3, network: "n", layer: "e", reason: 'unknown kind "warp"' }]);
  });

  it("needs every column once, and a row", () => {
    expect(problemsOf([conv], options, header.replace(",groups", ",batch"))).toEqual([
      "row 1, column groups: the header has no such column",
      "row 1, column batch: the header has this column twice",
    ]);
    expect(problemsOf([])).toEqual(["row 2: there is no row"]);
  });

  it("takes blank times where they are optional", () => {
    const [row] = parse(["net,32,fc,fc,8,8,,,,,,"], { ...options, times: "optional" }).rows;
    expect(row).toMatchObject({ forwardSeconds: undefined, backwardSeconds: undefined });
  });

  it("reads columns in any order, quotes, a byte-order mark and CRLF", () => {
    const columns = [...LAYER_PROFILE_COLUMNS].reverse();
    const cells = new Map(LAYER_PROFILE_COLUMNS.map((name, index) => [name, conv.split(",")[index] ?? ""]));
    const text = `\uFEFF${columns.join(",")}\r\n${columns.map((name) => `"${cells.get(name) ?? ""}"`).join(",")}\r\n`;
    expect(parseLayerProfile(text, "p.csv", options).rows).toEqual(parse([conv]).rows);
  });
});
