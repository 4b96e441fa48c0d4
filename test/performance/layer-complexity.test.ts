import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerComplexity } from "../../src/performance/layer-complexity.ts";
import type { ActivationLayer, Layer, RecurrentLayer, Shape } from "../../src/performance/network.ts";

const named = { name: "layer", inputs: ["input"] };
const same = (shape: Shape) => ({ ...named, input: shape, output: shape });
const activation = (name: ActivationLayer["function"], shape: Shape): Layer => ({
  kind: "activation",
  ...same(shape),
  function: name,
});
const recurrent = (cell: RecurrentLayer["cell"]): Layer => ({
  kind: "recurrent",
  ...named,
  input: [2, 3],
  output: [2, 5],
  cell,
  hidden: 5,
  directions: 1,
  bias: true,
});

const CASES: readonly (readonly [title: string, layer: Layer, forward: number, backward: number])[] = [
  [
    "conv: 9 places · 3·3 · (4/2 in) · 6 out; twice, and a bias gradient for each of 54 outputs",
    {
      kind: "conv",
      ...named,
      input: [4, 5, 5],
      output: [6, 3, 3],
      kernel: [3, 3],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 2,
      bias: true,
    },
    972,
    2 * 972 + 54,
  ],
  [
    "fc of an image: 2·3·3 in · 5 out",
    { kind: "fc", ...named, input: [2, 3, 3], output: [5], bias: true },
    90,
    180,
  ],
  [
    "fc of 4 steps: 4 · 3 in · 2 out",
    { kind: "fc", ...named, input: [4, 3], output: [4, 2], bias: false },
    24,
    48,
  ],
  ["loss of 10 classes: 4·10 − 1", { kind: "loss", ...named, input: [10], output: [1] }, 39, 11],
  ["loss on each of 3 steps", { kind: "loss", ...named, input: [3, 10], output: [1] }, 117, 33],
  [
    "local response: 4 places · (5·4 + 5 − 2)",
    { kind: "norm", ...same([4, 2, 2]), variant: "local-response", window: 5 },
    92,
    144,
  ],
  [
    "batch norm: 7 and 9 per element",
    { kind: "norm", ...same([4, 2, 2]), variant: "batch", window: 1 },
    112,
    144,
  ],
  [
    "layer norm: 7 and 9 per element",
    { kind: "norm", ...same([3, 4]), variant: "layer", window: 1 },
    84,
    108,
  ],
  [
    "pool: 8 outputs · 3·2",
    {
      kind: "pool",
      ...named,
      input: [2, 6, 4],
      output: [2, 2, 2],
      mode: "max",
      kernel: [3, 2],
      stride: [3, 2],
      padding: [0, 0, 0, 0],
    },
    48,
    56,
  ],
  ["relu: 3 and 4 per element", { kind: "relu", ...same([2, 3]) }, 18, 24],
  ["sigmoid", activation("sigmoid", [5]), 20, 15],
  ["tanh", activation("tanh", [5]), 30, 15],
  ["gelu", activation("gelu", [5]), 25, 40],
  ["hardtanh", activation("hardtanh", [5]), 20, 25],
  ["softmax: 2 rows of 5", activation("softmax", [2, 5]), 2 * 23, 2 * 19],
  ["add of 3: 2 additions per element", { kind: "add", ...same([4]), inputs: ["a", "b", "c"] }, 8, 8],
  ["concat: one move per element", { kind: "concat", ...same([4, 2, 2]), inputs: ["a", "b"] }, 16, 16],
  ["dropout", { kind: "dropout", ...same([4]) }, 12, 8],
  ["reshape is free", { kind: "reshape", ...named, input: [2, 6], output: [3, 4] }, 0, 0],
  [
    "embedding: one move per output element",
    { kind: "embedding", ...named, input: [3], output: [3, 4], vocabulary: 100 },
    12,
    12,
  ],
  // 2 steps · 5 hidden · (3 in + 5 hidden) = 80 products per gate, and 10 units of elementwise work.
  ["rnn", recurrent("rnn"), 80 + 10 * 7, 160 + 10 * 15],
  ["gru", recurrent("gru"), 240 + 10 * 22, 480 + 10 * 47],
  ["lstm", recurrent("lstm"), 320 + 10 * 32, 640 + 10 * 68],
  [
    "two directions, summed: twice a gru, and 10 sums",
    {
      kind: "recurrent",
      ...named,
      input: [2, 3],
      output: [2, 5],
      cell: "gru",
      hidden: 5,
      directions: 2,
      bias: false,
    },
    2 * (240 + 10 * 22) + 10,
    2 * (480 + 10 * 44) + 10,
  ],
  [
    // QKᵀ and ·V: 2 · 3·3 · 4 = 72 products; softmax of 2 heads · 3 rows of 3; 18 scalings.
    "attention of 3 steps, width 4, 2 heads",
    { kind: "attention", ...same([3, 4]), inputs: ["q", "k", "v"], heads: 2 },
    72 + 6 * 13 + 18,
    144 + 6 * 11 + 18,
  ],
];

describe("layerComplexity", () => {
  it.each(CASES)("%s", (_title, layer, forwardOperations, backwardOperations) => {
    expect(layerComplexity(layer)).toEqual({ forwardOperations, backwardOperations });
  });

  it("counts a convolution whose window is the whole image as the fully connected layer that it is", () => {
    const size = fc.integer({ min: 1, max: 64 });
    fc.assert(
      fc.property(size, size, size, size, (channels, height, width, outputs) => {
        const input = [channels, height, width];
        const conv: Layer = {
          kind: "conv",
          ...named,
          input,
          output: [outputs, 1, 1],
          kernel: [height, width],
          stride: [1, 1],
          padding: [0, 0, 0, 0],
          groups: 1,
          bias: true,
        };
        const connected: Layer = { kind: "fc", ...named, input, output: [outputs], bias: true };
        expect(layerComplexity(conv).forwardOperations).toBe(layerComplexity(connected).forwardOperations);
      }),
    );
  });
});
