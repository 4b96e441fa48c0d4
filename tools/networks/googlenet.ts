/**
 * GoogLeNet as Caffe's bvlc_googlenet trains it, with its two auxiliary classifiers (layers loss1/… and loss2/…).
 * They are in because a training run computes them: 0.5 % of the operations but nearly half of the weights.
 * Deployed networks, and the published totals of 7.0 M weights and 1.6 GMAC, leave them out.
 */
import type { Network } from "../../src/performance/network.ts";
import { type ConvOptions, type NetworkBuilder, startNetwork, type Tensor } from "./network-builder.ts";

/** Output channels of an inception module's branches. */
interface Branches {
  readonly direct: number;
  readonly reduce3: number;
  readonly conv3: number;
  readonly reduce5: number;
  readonly conv5: number;
  readonly pool: number;
}

/** Table 1 of the paper, columns #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj. */
const MODULES: Readonly<Record<string, Branches>> = {
  "3a": { direct: 64, reduce3: 96, conv3: 128, reduce5: 16, conv5: 32, pool: 32 },
  "3b": { direct: 128, reduce3: 128, conv3: 192, reduce5: 32, conv5: 96, pool: 64 },
  "4a": { direct: 192, reduce3: 96, conv3: 208, reduce5: 16, conv5: 48, pool: 64 },
  "4b": { direct: 160, reduce3: 112, conv3: 224, reduce5: 24, conv5: 64, pool: 64 },
  "4c": { direct: 128, reduce3: 128, conv3: 256, reduce5: 24, conv5: 64, pool: 64 },
  "4d": { direct: 112, reduce3: 144, conv3: 288, reduce5: 32, conv5: 64, pool: 64 },
  "4e": { direct: 256, reduce3: 160, conv3: 320, reduce5: 32, conv5: 128, pool: 128 },
  "5a": { direct: 256, reduce3: 160, conv3: 320, reduce5: 32, conv5: 128, pool: 128 },
  "5b": { direct: 384, reduce3: 192, conv3: 384, reduce5: 48, conv5: 128, pool: 128 },
};
const CLASSES = 1000;

/** GoogLeNet (Inception v1) with local response normalisation and both auxiliary classifiers. */
export function googlenet(): Network {
  const net = startNetwork([3, 224, 224]);
  const conv1 = convRelu(net, "conv1/7x7_s2", net.input, { outputs: 64, kernel: 7, stride: 2, padding: 3 });
  const norm1 = net.norm("pool1/norm1", halved(net, "pool1/3x3_s2", conv1), {
    variant: "local-response",
    window: 5,
  });
  const reduce2 = convRelu(net, "conv2/3x3_reduce", norm1, { outputs: 64, kernel: 1 });
  const conv2 = convRelu(net, "conv2/3x3", reduce2, { outputs: 192, kernel: 3, padding: 1 });
  const norm2 = net.norm("conv2/norm2", conv2, { variant: "local-response", window: 5 });
  const module3 = inceptions(net, ["3a", "3b"], halved(net, "pool2/3x3_s2", norm2));
  const module4a = inceptions(net, ["4a"], halved(net, "pool3/3x3_s2", module3));
  auxiliaryClassifier(net, "loss1", module4a);
  const module4d = inceptions(net, ["4b", "4c", "4d"], module4a);
  auxiliaryClassifier(net, "loss2", module4d);
  const module4e = inceptions(net, ["4e"], module4d);
  const module5 = inceptions(net, ["5a", "5b"], halved(net, "pool4/3x3_s2", module4e));
  const pool5 = net.pool("pool5/7x7_s1", module5, { mode: "average", kernel: 7 });
  const dropped = net.dropout("pool5/drop_7x7_s1", pool5);
  net.loss("loss3/loss3", net.fc("loss3/classifier", dropped, { outputs: CLASSES }));
  return {
    name: "googlenet",
    title: "GoogLeNet (Inception v1), with auxiliary classifiers",
    source:
      "Szegedy et al., Going deeper with convolutions, CVPR 2015, as Caffe's bvlc_googlenet train_val.prototxt; layers loss1/… and loss2/… are the auxiliary classifiers",
    input: net.input.shape,
    layers: net.layers(),
  };
}

function inceptions(net: NetworkBuilder, modules: readonly string[], from: Tensor): Tensor {
  return modules.reduce((tensor, module) => inception(net, module, tensor), from);
}

function inception(net: NetworkBuilder, module: string, from: Tensor): Tensor {
  const branches = MODULES[module];
  if (branches === undefined) throw new Error(`GoogLeNet has no module ${module}`);
  const name = `inception_${module}`;
  const direct = convRelu(net, `${name}/1x1`, from, { outputs: branches.direct, kernel: 1 });
  const reduce3 = convRelu(net, `${name}/3x3_reduce`, from, { outputs: branches.reduce3, kernel: 1 });
  const conv3 = convRelu(net, `${name}/3x3`, reduce3, { outputs: branches.conv3, kernel: 3, padding: 1 });
  const reduce5 = convRelu(net, `${name}/5x5_reduce`, from, { outputs: branches.reduce5, kernel: 1 });
  const conv5 = convRelu(net, `${name}/5x5`, reduce5, { outputs: branches.conv5, kernel: 5, padding: 2 });
  const pool = net.pool(`${name}/pool`, from, { mode: "max", kernel: 3, padding: 1 });
  const projection = convRelu(net, `${name}/pool_proj`, pool, { outputs: branches.pool, kernel: 1 });
  return net.concat(`${name}/output`, [direct, conv3, conv5, projection]);
}

function auxiliaryClassifier(net: NetworkBuilder, name: string, from: Tensor): void {
  const pool = net.pool(`${name}/ave_pool`, from, {
    mode: "average",
    kernel: 5,
    stride: 3,
    rounding: "ceil",
  });
  const conv = convRelu(net, `${name}/conv`, pool, { outputs: 128, kernel: 1 });
  const fc = net.relu(`${name}/relu_fc`, net.fc(`${name}/fc`, conv, { outputs: 1024 }));
  const classifier = net.fc(`${name}/classifier`, net.dropout(`${name}/drop_fc`, fc), { outputs: CLASSES });
  net.loss(`${name}/loss`, classifier);
}

/** Caffe rounds the output of a pooling up. */
function halved(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  return net.pool(name, from, { mode: "max", kernel: 3, stride: 2, rounding: "ceil" });
}

function convRelu(net: NetworkBuilder, name: string, from: Tensor, options: ConvOptions): Tensor {
  return net.relu(`${name}/relu`, net.conv(name, from, options));
}
