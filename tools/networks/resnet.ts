import type { Network } from "../../src/performance/network.ts";
import { type ConvOptions, type NetworkBuilder, startNetwork, type Tensor } from "./network-builder.ts";

interface Depth {
  readonly block: "basic" | "bottleneck";
  /** Residual blocks in each of the four stages. */
  readonly blocks: readonly [number, number, number, number];
}
const DEPTHS = {
  18: { block: "basic", blocks: [2, 2, 2, 2] },
  50: { block: "bottleneck", blocks: [3, 4, 6, 3] },
  152: { block: "bottleneck", blocks: [3, 8, 36, 3] },
} as const satisfies Record<number, Depth>;
/** A bottleneck's last convolution widens by this factor. */
const BOTTLENECK_EXPANSION = 4;

/** ResNet in torchvision's form ("v1.5"): a bottleneck takes its stride in the 3 × 3 convolution, not in the first. */
export function resnet(depth: keyof typeof DEPTHS): Network {
  const { block, blocks }: Depth = DEPTHS[depth];
  const net = startNetwork([3, 224, 224]);
  const stem = convNorm(net, "conv1", net.input, { outputs: 64, kernel: 7, stride: 2, padding: 3 });
  let tensor = net.pool("maxpool", net.relu("relu1", stem), {
    mode: "max",
    kernel: 3,
    stride: 2,
    padding: 1,
  });
  for (const [index, count] of blocks.entries()) {
    for (let position = 0; position < count; position++) {
      const place = {
        name: `layer${index + 1}.${position}`,
        width: 64 * 2 ** index,
        stride: index > 0 && position === 0 ? 2 : 1,
      };
      tensor = block === "basic" ? basicBlock(net, tensor, place) : bottleneckBlock(net, tensor, place);
    }
  }
  net.loss("loss", net.fc("fc", net.globalAveragePool("avgpool", tensor), { outputs: 1000 }));
  return {
    name: `resnet${depth}`,
    title: `ResNet-${depth}`,
    source: `He, Zhang, Ren, Sun, Deep residual learning for image recognition, CVPR 2016, as torchvision.models.resnet${depth} (v1.5: stride in the 3 × 3 convolution)`,
    input: net.input.shape,
    layers: net.layers(),
  };
}

interface Place {
  readonly name: string;
  readonly width: number;
  readonly stride: number;
}

function basicBlock(net: NetworkBuilder, from: Tensor, { name, width, stride }: Place): Tensor {
  const first = convNorm(net, `${name}.conv1`, from, { outputs: width, kernel: 3, stride, padding: 1 });
  const relu1 = net.relu(`${name}.relu1`, first);
  const second = convNorm(net, `${name}.conv2`, relu1, { outputs: width, kernel: 3, padding: 1 });
  return residual(net, second, shortcut(net, from, { name, width, stride }), name);
}

function bottleneckBlock(net: NetworkBuilder, from: Tensor, { name, width, stride }: Place): Tensor {
  const relu1 = net.relu(
    `${name}.relu1`,
    convNorm(net, `${name}.conv1`, from, { outputs: width, kernel: 1 }),
  );
  const second = convNorm(net, `${name}.conv2`, relu1, { outputs: width, kernel: 3, stride, padding: 1 });
  const relu2 = net.relu(`${name}.relu2`, second);
  const outputs = BOTTLENECK_EXPANSION * width;
  const third = convNorm(net, `${name}.conv3`, relu2, { outputs, kernel: 1 });
  return residual(net, third, shortcut(net, from, { name, width: outputs, stride }), name);
}

/** The block's input, or its projection where the block changes the number of channels or the resolution. */
function shortcut(net: NetworkBuilder, from: Tensor, { name, width, stride }: Place): Tensor {
  if (stride === 1 && from.shape[0] === width) return from;
  return convNorm(net, `${name}.downsample`, from, { outputs: width, kernel: 1, stride });
}

function residual(net: NetworkBuilder, branch: Tensor, identity: Tensor, name: string): Tensor {
  return net.relu(`${name}.relu`, net.add(`${name}.add`, [branch, identity]));
}

function convNorm(net: NetworkBuilder, name: string, from: Tensor, options: ConvOptions): Tensor {
  return net.norm(`${name}.norm`, net.conv(name, from, { ...options, bias: "none" }), { variant: "batch" });
}
