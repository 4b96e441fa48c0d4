import type { z } from "zod";
import { InvalidInput, type InputProblem } from "../../src/catalog/input-problem.ts";
import { inlineNetworkSchema } from "../../src/catalog/network-schema.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";

export const conv = {
  kind: "conv",
  name: "conv",
  inputs: ["input"],
  input: [4, 8, 8],
  output: [6, 4, 4],
  kernel: [3, 3],
  stride: [2, 2],
  padding: [1, 1, 1, 1],
  groups: 2,
  bias: true,
};
export const pool = {
  kind: "pool",
  name: "pool",
  inputs: ["conv"],
  input: [6, 4, 4],
  output: [6, 2, 2],
  mode: "max",
  kernel: [2, 2],
  stride: [2, 2],
  padding: [0, 0, 0, 0],
};
export const side = { kind: "relu", name: "side", inputs: ["pool"], input: [6, 2, 2], output: [6, 2, 2] };
const concat = {
  kind: "concat",
  name: "concat",
  inputs: ["pool", "side"],
  input: [12, 2, 2],
  output: [12, 2, 2],
};
const fcLayer = { kind: "fc", name: "fc", inputs: ["concat"], input: [12, 2, 2], output: [10], bias: true };
const loss = { kind: "loss", name: "loss", inputs: ["fc"], input: [10], output: [1] };
/** A valid network that reads [4, 8, 8]: a convolution, a pooling, a branch that is joined again, a classifier. */
export const LAYERS = [conv, pool, side, concat, fcLayer, loss];

/** A valid network with the fields of one of its layers replaced. */
export function withLayer(name: string, fields: Readonly<Record<string, unknown>>) {
  const layers = LAYERS.map((layer) => (layer.name === name ? { ...layer, ...fields } : layer));
  return { input: [4, 8, 8], layers };
}
/** A network of one layer that reads [4, 6]. */
export function single(fields: Readonly<Record<string, unknown>>) {
  return {
    input: [4, 6],
    layers: [{ name: "only", inputs: ["input"], input: [4, 6], output: [4, 6], ...fields }],
  };
}

/** Problems that a schema finds in an input; none when it is valid. */
export function problemsOf(input: unknown, schema: z.ZodType = inlineNetworkSchema): readonly InputProblem[] {
  try {
    parseInput(schema, input, "body");
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
  return [];
}
