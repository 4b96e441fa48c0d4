import type { Network } from "../../src/performance/network.ts";
import { type NetworkBuilder, startNetwork, type Tensor } from "./network-builder.ts";

/** Dense layers in each block of DenseNet-121. */
const BLOCKS = [6, 12, 24, 16] as const;
/** Channels that each dense layer adds (k in the paper). */
const GROWTH = 32;
/** Channels of the 1 × 1 convolution before each 3 × 3, as a multiple of the growth. */
const BOTTLENECK = 4;

/** DenseNet-121: each dense layer reads the outputs of all before it in its block. */
export function densenet121(): Network {
  const net = startNetwork([3, 224, 224]);
  const conv0 = net.conv("conv0", net.input, { outputs: 64, kernel: 7, stride: 2, padding: 3, bias: "none" });
  let tensor = net.pool("pool0", normRelu(net, "norm0", conv0), {
    mode: "max",
    kernel: 3,
    stride: 2,
    padding: 1,
  });
  for (const [index, layers] of BLOCKS.entries()) {
    if (index > 0) tensor = transition(net, `transition${index}`, tensor);
    tensor = denseBlock(net, { name: `denseblock${index + 1}`, layers }, tensor);
  }
  const pooled = net.globalAveragePool("avgpool", normRelu(net, "norm5", tensor));
  net.loss("loss", net.fc("classifier", pooled, { outputs: 1000 }));
  return {
    name: "densenet121",
    title: "DenseNet-121",
    source:
      "Huang, Liu, van der Maaten, Weinberger, Densely connected convolutional networks, CVPR 2017, as torchvision.models.densenet121",
    input: net.input.shape,
    layers: net.layers(),
  };
}

function denseBlock(
  net: NetworkBuilder,
  { name, layers }: { readonly name: string; readonly layers: number },
  from: Tensor,
): Tensor {
  const features = [from];
  for (let position = 1; position <= layers; position++) {
    const layer = `${name}.${position}`;
    const read = position === 1 ? from : net.concat(`${layer}.concat`, features);
    const relu1 = normRelu(net, `${layer}.norm1`, read);
    const conv1 = net.conv(`${layer}.conv1`, relu1, {
      outputs: BOTTLENECK * GROWTH,
      kernel: 1,
      bias: "none",
    });
    const relu2 = normRelu(net, `${layer}.norm2`, conv1);
    features.push(
      net.conv(`${layer}.conv2`, relu2, { outputs: GROWTH, kernel: 3, padding: 1, bias: "none" }),
    );
  }
  return net.concat(`${name}.concat`, features);
}

/** Halves the channels and the resolution. */
function transition(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  const outputs = (from.shape[0] ?? 0) / 2;
  const conv = net.conv(`${name}.conv`, normRelu(net, `${name}.norm`, from), {
    outputs,
    kernel: 1,
    bias: "none",
  });
  return net.pool(`${name}.pool`, conv, { mode: "average", kernel: 2, stride: 2 });
}

function normRelu(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  return net.relu(`${name}.relu`, net.norm(name, from, { variant: "batch" }));
}
