/**
 * Inception-v3 as torchvision trains it, with its auxiliary classifier (layers aux/…), which a training run computes.
 * Deployed networks leave it out: 23.83 M weights instead of 27.16 M.
 */
import type { Network } from "../../src/performance/network.ts";
import { type ConvOptions, type NetworkBuilder, startNetwork, type Tensor } from "./network-builder.ts";

const CLASSES = 1000;

/** Inception-v3 on 299 × 299 images. */
export function inceptionV3(): Network {
  const net = startNetwork([3, 299, 299]);
  const conv1a = convNormRelu(net, "conv1a", net.input, { outputs: 32, kernel: 3, stride: 2 });
  const conv2a = convNormRelu(net, "conv2a", conv1a, { outputs: 32, kernel: 3 });
  const conv2b = convNormRelu(net, "conv2b", conv2a, { outputs: 64, kernel: 3, padding: 1 });
  const conv3b = convNormRelu(net, "conv3b", reducingPool(net, "pool1", conv2b), { outputs: 80, kernel: 1 });
  const conv4a = convNormRelu(net, "conv4a", conv3b, { outputs: 192, kernel: 3 });
  let tensor = reducingPool(net, "pool2", conv4a);
  tensor = blockA(net, "mixed5b", { from: tensor, poolOutputs: 32 });
  tensor = blockA(net, "mixed5c", { from: tensor, poolOutputs: 64 });
  tensor = blockA(net, "mixed5d", { from: tensor, poolOutputs: 64 });
  tensor = reductionB(net, "mixed6a", tensor);
  tensor = blockC(net, "mixed6b", { from: tensor, width: 128 });
  tensor = blockC(net, "mixed6c", { from: tensor, width: 160 });
  tensor = blockC(net, "mixed6d", { from: tensor, width: 160 });
  tensor = blockC(net, "mixed6e", { from: tensor, width: 192 });
  auxiliaryClassifier(net, tensor);
  tensor = reductionD(net, "mixed7a", tensor);
  tensor = blockE(net, "mixed7b", tensor);
  tensor = blockE(net, "mixed7c", tensor);
  const pooled = net.dropout("dropout", net.globalAveragePool("avgpool", tensor));
  net.loss("loss", net.fc("fc", pooled, { outputs: CLASSES }));
  return {
    name: "inception-v3",
    title: "Inception-v3, with auxiliary classifier",
    source:
      "Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016, as torchvision.models.inception_v3 with aux_logits; layers aux/… are the auxiliary classifier",
    input: net.input.shape,
    layers: net.layers(),
  };
}

/** Branches 1×1, 5×5, double 3×3 and pooling at 35 × 35 (figure 5 of the paper, with 5×5 kept). */
function blockA(
  net: NetworkBuilder,
  name: string,
  { from, poolOutputs }: { readonly from: Tensor; readonly poolOutputs: number },
): Tensor {
  const direct = convNormRelu(net, `${name}/1x1`, from, { outputs: 64, kernel: 1 });
  const reduce5 = convNormRelu(net, `${name}/5x5_1`, from, { outputs: 48, kernel: 1 });
  const conv5 = convNormRelu(net, `${name}/5x5_2`, reduce5, { outputs: 64, kernel: 5, padding: 2 });
  const double1 = convNormRelu(net, `${name}/3x3dbl_1`, from, { outputs: 64, kernel: 1 });
  const double2 = convNormRelu(net, `${name}/3x3dbl_2`, double1, { outputs: 96, kernel: 3, padding: 1 });
  const double3 = convNormRelu(net, `${name}/3x3dbl_3`, double2, { outputs: 96, kernel: 3, padding: 1 });
  const pool = poolBranch(net, name, { from, outputs: poolOutputs });
  return net.concat(`${name}/concat`, [direct, conv5, double3, pool]);
}

/** From 35 × 35 to 17 × 17. */
function reductionB(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  const conv3 = convNormRelu(net, `${name}/3x3`, from, { outputs: 384, kernel: 3, stride: 2 });
  const double1 = convNormRelu(net, `${name}/3x3dbl_1`, from, { outputs: 64, kernel: 1 });
  const double2 = convNormRelu(net, `${name}/3x3dbl_2`, double1, { outputs: 96, kernel: 3, padding: 1 });
  const double3 = convNormRelu(net, `${name}/3x3dbl_3`, double2, { outputs: 96, kernel: 3, stride: 2 });
  return net.concat(`${name}/concat`, [conv3, double3, reducingPool(net, `${name}/pool`, from)]);
}

/** Branches 1×1, factorised 7×7, double 7×7 and pooling at 17 × 17 (figure 6). */
function blockC(
  net: NetworkBuilder,
  name: string,
  { from, width }: { readonly from: Tensor; readonly width: number },
): Tensor {
  const direct = convNormRelu(net, `${name}/1x1`, from, { outputs: 192, kernel: 1 });
  const seven1 = convNormRelu(net, `${name}/7x7_1`, from, { outputs: width, kernel: 1 });
  const seven2 = convNormRelu(net, `${name}/7x7_2`, seven1, across(width, 7));
  const seven3 = convNormRelu(net, `${name}/7x7_3`, seven2, along(192, 7));
  const double1 = convNormRelu(net, `${name}/7x7dbl_1`, from, { outputs: width, kernel: 1 });
  const double2 = convNormRelu(net, `${name}/7x7dbl_2`, double1, along(width, 7));
  const double3 = convNormRelu(net, `${name}/7x7dbl_3`, double2, across(width, 7));
  const double4 = convNormRelu(net, `${name}/7x7dbl_4`, double3, along(width, 7));
  const double5 = convNormRelu(net, `${name}/7x7dbl_5`, double4, across(192, 7));
  const pool = poolBranch(net, name, { from, outputs: 192 });
  return net.concat(`${name}/concat`, [direct, seven3, double5, pool]);
}

/** From 17 × 17 to 8 × 8. */
function reductionD(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  const three1 = convNormRelu(net, `${name}/3x3_1`, from, { outputs: 192, kernel: 1 });
  const three2 = convNormRelu(net, `${name}/3x3_2`, three1, { outputs: 320, kernel: 3, stride: 2 });
  const seven1 = convNormRelu(net, `${name}/7x7x3_1`, from, { outputs: 192, kernel: 1 });
  const seven2 = convNormRelu(net, `${name}/7x7x3_2`, seven1, across(192, 7));
  const seven3 = convNormRelu(net, `${name}/7x7x3_3`, seven2, along(192, 7));
  const seven4 = convNormRelu(net, `${name}/7x7x3_4`, seven3, { outputs: 192, kernel: 3, stride: 2 });
  return net.concat(`${name}/concat`, [three2, seven4, reducingPool(net, `${name}/pool`, from)]);
}

/** Branches whose last convolutions are split into 1×3 and 3×1 at 8 × 8 (figure 7). */
function blockE(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  const direct = convNormRelu(net, `${name}/1x1`, from, { outputs: 320, kernel: 1 });
  const three1 = convNormRelu(net, `${name}/3x3_1`, from, { outputs: 384, kernel: 1 });
  const three2a = convNormRelu(net, `${name}/3x3_2a`, three1, across(384, 3));
  const three2b = convNormRelu(net, `${name}/3x3_2b`, three1, along(384, 3));
  const double1 = convNormRelu(net, `${name}/3x3dbl_1`, from, { outputs: 448, kernel: 1 });
  const double2 = convNormRelu(net, `${name}/3x3dbl_2`, double1, { outputs: 384, kernel: 3, padding: 1 });
  const double3a = convNormRelu(net, `${name}/3x3dbl_3a`, double2, across(384, 3));
  const double3b = convNormRelu(net, `${name}/3x3dbl_3b`, double2, along(384, 3));
  const pool = poolBranch(net, name, { from, outputs: 192 });
  return net.concat(`${name}/concat`, [direct, three2a, three2b, double3a, double3b, pool]);
}

function auxiliaryClassifier(net: NetworkBuilder, from: Tensor): void {
  const pool = net.pool("aux/pool", from, { mode: "average", kernel: 5, stride: 3 });
  const conv0 = convNormRelu(net, "aux/conv0", pool, { outputs: 128, kernel: 1 });
  const conv1 = convNormRelu(net, "aux/conv1", conv0, { outputs: 768, kernel: 5 });
  net.loss("aux/loss", net.fc("aux/fc", conv1, { outputs: CLASSES }));
}

/** A row of a factorised square: 1 × length. */
function across(outputs: number, length: number): ConvOptions {
  return { outputs, kernel: [1, length], padding: [0, (length - 1) / 2] };
}

/** A column of a factorised square: length × 1. */
function along(outputs: number, length: number): ConvOptions {
  return { outputs, kernel: [length, 1], padding: [(length - 1) / 2, 0] };
}

function poolBranch(
  net: NetworkBuilder,
  name: string,
  { from, outputs }: { readonly from: Tensor; readonly outputs: number },
): Tensor {
  const pool = net.pool(`${name}/pool`, from, { mode: "average", kernel: 3, padding: 1 });
  return convNormRelu(net, `${name}/pool_proj`, pool, { outputs, kernel: 1 });
}

function reducingPool(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  return net.pool(name, from, { mode: "max", kernel: 3, stride: 2 });
}

function convNormRelu(net: NetworkBuilder, name: string, from: Tensor, options: ConvOptions): Tensor {
  const conv = net.conv(name, from, { ...options, bias: "none" });
  return net.relu(`${name}/relu`, net.norm(`${name}/norm`, conv, { variant: "batch" }));
}
