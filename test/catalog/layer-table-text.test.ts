import { describe, expect, it } from "vitest";
import { layerTableNetwork } from "../../src/catalog/layer-table-text.ts";
import { networkComplexity } from "../../src/performance/network-complexity.ts";

const TORCHSUMMARY = `
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 64, 55, 55]          23,296
              ReLU-2           [-1, 64, 55, 55]               0
         MaxPool2d-3           [-1, 64, 27, 27]               0
            Conv2d-4          [-1, 192, 27, 27]         307,392
              ReLU-5          [-1, 192, 27, 27]               0
         MaxPool2d-6          [-1, 192, 13, 13]               0
            Conv2d-7          [-1, 384, 13, 13]         663,936
              ReLU-8          [-1, 384, 13, 13]               0
            Conv2d-9          [-1, 256, 13, 13]         884,992
             ReLU-10          [-1, 256, 13, 13]               0
           Conv2d-11          [-1, 256, 13, 13]         590,080
             ReLU-12          [-1, 256, 13, 13]               0
        MaxPool2d-13            [-1, 256, 6, 6]               0
AdaptiveAvgPool2d-14            [-1, 256, 6, 6]               0
          Dropout-15                 [-1, 9216]               0
           Linear-16                 [-1, 4096]      37,752,832
             ReLU-17                 [-1, 4096]               0
          Dropout-18                 [-1, 4096]               0
           Linear-19                 [-1, 4096]      16,781,312
             ReLU-20                 [-1, 4096]               0
           Linear-21                 [-1, 1000]       4,097,000
================================================================
Total params: 61,100,840
`;

const TORCHINFO = `
==========================================================================================
Layer (type:depth-idx)                   Output Shape              Param #
==========================================================================================
Net                                      [2, 10]                   --
├─Sequential: 1-1                        [2, 16, 8, 8]             --
│    └─Conv2d: 2-1                       [2, 16, 16, 16]           432
│    └─BatchNorm2d: 2-2                  [2, 16, 16, 16]           32
│    └─Hardswish: 2-3                    [2, 16, 16, 16]           --
│    └─Conv2d: 2-4                       [2, 16, 16, 16]           160
│    └─MaxPool2d: 2-5                    [2, 16, 8, 8]             --
├─AdaptiveAvgPool2d: 1-2                 [2, 16, 1, 1]             --
├─FancyLayer: 1-3                        [2, 16, 1, 1]             99
├─Flatten: 1-4                           [2, 16]                   --
├─Linear: 1-5                            [2, 10]                   170
==========================================================================================
Total params: 893
`;

const KERAS = `
Model: "functional"
__________________________________________________________________________________________________
 Layer (type)                Output Shape                 Param #   Connected to
==================================================================================================
 input_1 (InputLayer)        [(None, 32, 32, 3)]          0         []
 conv1 (Conv2D)              (None, 32, 32, 16)           448       ['input_1[0][0]']
 conv2 (Conv2D)              (None, 32, 32, 16)           2320      ['conv1[0][0]']
 add (Add)                   (None, 32, 32, 16)           0         ['conv1[0][0]', 'conv2[0][0]']
 bn (BatchNormalization)     (None, 32, 32, 16)           64        ['add[0][0]']
 gap (GlobalAveragePooling2D  (None, 16)                  0         ['bn[0][0]']
 )
 fc (Dense)                  (None, 10)                   170       ['gap[0][0]']
==================================================================================================
Total params: 3,002
`;

describe("layer tables", () => {
  it("reads torchsummary's AlexNet with the totals of torchvision's", () => {
    const { network, notes } = layerTableNetwork(TORCHSUMMARY, "alexnet.txt", [3, 224, 224]);
    const { weightCount, multiplyAccumulates } = networkComplexity(network);
    expect([weightCount, multiplyAccumulates]).toEqual([61_100_840, 714_188_480]);
    expect(network.layers[0]).toMatchObject({ kind: "conv", kernel: [11, 11], groups: 1, bias: true });
    expect(notes.join()).toContain("line 7: the pooling's kernel is not printed");
  });

  it("reads torchinfo's tree without its containers, depthwise convolutions, and unknown modules", () => {
    const { network } = layerTableNetwork(TORCHINFO, "net.txt", [3, 16, 16]);
    expect(network.layers.map(({ kind }) => kind)).toEqual([
      "conv",
      "norm",
      "activation",
      "conv",
      "pool",
      "pool",
      "unknown",
      "reshape",
      "fc",
      "loss",
    ]);
    expect(network.layers[3]).toMatchObject({ groups: 16, kernel: [3, 3], bias: true });
    expect(network.layers[6]).toMatchObject({ operator: "FancyLayer", weightCount: 99 });
  });

  it("reads Keras' table with channels last and what each layer is connected to", () => {
    const { network } = layerTableNetwork(KERAS, "net.txt", undefined);
    expect(network.input).toEqual([3, 32, 32]);
    expect(network.layers.find(({ kind }) => kind === "add")).toMatchObject({
      inputs: ["conv1", "conv2"],
      output: [16, 32, 32],
    });
    expect(networkComplexity(network).weightCount).toBe(448 + 2320 + 32 + 170);
  });

  it("uses printed input and kernel shapes", () => {
    const text = `
Layer (type:depth-idx)   Input Shape        Output Shape       Param #   Kernel Shape
├─Conv1d: 1-1            [2, 8, 20]         [2, 16, 20]        400       [3]
├─Conv2d: 1-2            [2, 8, 9, 9]       [2, 16, 9, 7]      384       [1, 3]
`;
    expect(() => layerTableNetwork(text, "net.txt", undefined)).toThrow(/line 3.*Conv1d/s);
    const { network } = layerTableNetwork(text.replace(/.*Conv1d.*\n/, ""), "net.txt", undefined);
    expect(network.layers[0]).toMatchObject({ kernel: [1, 3], groups: 1, bias: false, input: [8, 9, 9] });
  });

  it.each([
    [
      "a convolution that no kernel explains",
      TORCHSUMMARY.replace("23,296", "23,297"),
      /line 5.*Conv2d.*23297 parameters/s,
    ],
    [
      "a fully connected layer whose parameters do not fit",
      TORCHSUMMARY.replace("4,097,000", "4,097,001"),
      /line 25/,
    ],
    ["a text without layers", "hello", /no line that a summary tool prints/],
  ])("refuses %s", (_, text, message) => {
    expect(() => layerTableNetwork(text, "net.txt", [3, 224, 224])).toThrow(message);
  });

  it("asks for the input's shape where it is not printed", () => {
    expect(() => layerTableNetwork(TORCHSUMMARY, "net.txt", undefined)).toThrow(/--input 3x224x224/);
  });
});
