import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { estimateCommand } from "../../src/cli/estimate.ts";
import { onnxFile } from "../catalog/onnx/onnx-file.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-estimate-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const milliseconds = z.number().nonnegative();
const viewSchema = z.looseObject({
  forwardMilliseconds: milliseconds,
  backwardMilliseconds: milliseconds,
  updateMilliseconds: milliseconds,
  communicationMilliseconds: milliseconds,
  totalMilliseconds: milliseconds,
  lowerMilliseconds: milliseconds,
  upperMilliseconds: milliseconds,
  batchSizePerGpu: z.number(),
  memory: z.looseObject({
    neededGib: z.number(),
    gpuGib: z.number().nullable(),
    fits: z.boolean().nullable(),
  }),
  unknownOperators: z.array(
    z.looseObject({ operator: z.string(), operationsShare: z.number(), weightShare: z.number() }),
  ),
  warnings: z.array(z.string()),
  layers: z.array(
    z.looseObject({
      layer: z.string(),
      kind: z.string(),
      forwardMilliseconds: milliseconds.nullable(),
      backwardMilliseconds: milliseconds.nullable(),
    }),
  ),
});

let printed: string[] = [];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    printed.push(text);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function estimate(words: readonly string[]): string {
  printed = [];
  const command = estimateCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse([...words], { from: "user" });
  return printed.join("\n");
}
const view = (words: readonly string[]) => viewSchema.parse(JSON.parse(estimate([...words, "--json"])));

const HEADER =
  "network,batch,layer,kind,input,output,kernel,stride,pad,groups,forwardMilliseconds,backwardMilliseconds";

describe("berth estimate of one iteration", () => {
  it("adds up: layers to directions, directions to the total, within its interval", () => {
    const result = view(["resnet50", "--batch", "32", "--gpu", "p100"]);
    const sum = (field: "forwardMilliseconds" | "backwardMilliseconds"): number =>
      result.layers.reduce((total, layer) => total + (layer[field] ?? 0), 0);
    expect(sum("forwardMilliseconds")).toBeCloseTo(result.forwardMilliseconds, 6);
    expect(sum("backwardMilliseconds")).toBeCloseTo(result.backwardMilliseconds, 6);
    expect(result.forwardMilliseconds + result.backwardMilliseconds + result.updateMilliseconds).toBeCloseTo(
      result.totalMilliseconds,
      6,
    );
    expect(result.lowerMilliseconds).toBeLessThan(result.totalMilliseconds);
    expect(result.upperMilliseconds).toBeGreaterThan(result.totalMilliseconds);
    expect(result.memory).toMatchObject({ gpuGib: 16, fits: true });
  });

  it("splits the batch over several GPUs and counts what they add", () => {
    const result = view(["resnet50", "--batch", "64", "--gpu", "K80", "--gpus", "4"]);
    expect(result.batchSizePerGpu).toBe(16);
    expect(result.communicationMilliseconds).toBeGreaterThan(0);
    const parts = result.forwardMilliseconds + result.backwardMilliseconds + result.updateMilliseconds;
    expect(parts + result.communicationMilliseconds).toBeCloseTo(result.totalMilliseconds, 6);
  });

  it("says when the memory does not suffice", () => {
    expect(view(["vgg19", "--batch", "32", "--gpu", "P600"]).memory.fits).toBe(false);
    expect(estimate(["vgg19", "--batch", "32", "--gpu", "P600"])).toContain("does NOT fit");
  });

  it("lists an unknown operator of an ONNX file with its share and without a time", () => {
    const path = join(folder, "odd.onnx");
    const nodes = [
      { operator: "Gemm", inputs: ["x", "w"], outputs: ["a"] },
      { operator: "Odd", inputs: ["a", "v"], outputs: ["y"] },
    ];
    writeFileSync(
      path,
      onnxFile({ inputs: { x: ["N", 20] }, weights: { w: [20, 10], v: [50] }, nodes, outputs: ["y"] }),
    );
    const result = view([path, "--batch", "8", "--gpu", "V100"]);
    expect(result.unknownOperators).toMatchObject([{ operator: "Odd", weightShare: 0.2 }]);
    expect(result.layers.find(({ kind }) => kind === "unknown")).toMatchObject({
      operator: "Odd",
      forwardMilliseconds: null,
    });
    expect(estimate([path, "--batch", "8", "--gpu", "V100", "--per-layer"])).toContain(
      "Odd: 1 layer, at least",
    );
  });

  it("reads a layer profile without times, and asks which network of several", () => {
    const path = join(folder, "two.csv");
    const rows = [
      HEADER,
      "small,8,conv1,conv,3x32x32,16x32x32,3,1,1,1,,",
      "small,8,fc,fc,16384,10,,,,,,",
      "large,8,conv1,conv,3x64x64,16x64x64,3,1,1,1,,",
    ];
    writeFileSync(path, rows.join("\n"));
    expect(() => estimate([path, "--batch", "8", "--gpu", "V100"])).toThrow(
      /--network with one of: small, large/,
    );
    const { layers } = view([path, "--network", "small", "--batch", "8", "--gpu", "V100"]);
    expect(layers.map(({ layer }) => layer)).toEqual(["conv1", "fc"]);
  });

  it("takes a fit of the user's own, whose GPU it is for", () => {
    const path = join(folder, "own.json");
    const shipped = readFileSync(new URL("../../models/fits/K80-tensorflow.json", import.meta.url), "utf8");
    writeFileSync(path, shipped.replace('"gpu": "K80"', '"gpu": "MyGpu"'));
    const result = view(["alexnet", "--batch", "16", "--fit", path]);
    expect(result).toMatchObject({ gpu: "MyGpu", memory: { gpuGib: null, fits: null } });
    expect(result.totalMilliseconds).toBeCloseTo(
      view(["alexnet", "--batch", "16", "--gpu", "K80"]).totalMilliseconds,
      6,
    );
    expect(() => estimate(["alexnet", "--batch", "16", "--fit", path, "--gpu", "V100"])).toThrow(
      /is for MyGpu/,
    );
  });

  it.each([
    [["alexnet", "--batch", "2", "--gpu", "Voodoo2"], /Use one of: .*V100/],
    [["alexnet", "--batch", "2", "--gpu", "V100", "--gpus", "4"], /cannot be split over 4 GPUs/],
    [["alexnet", "--batch", "2", "--gpus", "4"], /Give --gpu NAME/],
    [["nothing.onnx", "--batch", "2", "--gpu", "V100"], /there is no such file/],
    [["nothing", "--batch", "2", "--gpu", "V100"], /no shipped network has this name/],
  ])("refuses %j", (words, message) => {
    expect(() => estimate(words)).toThrow(message);
  });
});
