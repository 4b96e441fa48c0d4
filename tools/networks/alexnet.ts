import type { Network } from "../../src/performance/network.ts";
import { type NetworkBuilder, startNetwork, type Tensor } from "./network-builder.ts";

/** AlexNet on two GPUs' worth of groups, as Krizhevsky trained it: relu, normalisation, pooling in Caffe's order. */
export function alexnet(): Network {
  const net = startNetwork([3, 227, 227]);
  const conv1 = net.conv("conv1", net.input, { outputs: 96, kernel: 11, stride: 4 });
  const norm1 = net.norm("norm1", net.relu("relu1", conv1), { variant: "local-response", window: 5 });
  const pool1 = net.pool("pool1", norm1, { mode: "max", kernel: 3, stride: 2 });
  const conv2 = net.conv("conv2", pool1, { outputs: 256, kernel: 5, padding: 2, groups: 2 });
  const norm2 = net.norm("norm2", net.relu("relu2", conv2), { variant: "local-response", window: 5 });
  const pool2 = net.pool("pool2", norm2, { mode: "max", kernel: 3, stride: 2 });
  const conv3 = net.conv("conv3", pool2, { outputs: 384, kernel: 3, padding: 1 });
  const relu3 = net.relu("relu3", conv3);
  const conv4 = net.conv("conv4", relu3, { outputs: 384, kernel: 3, padding: 1, groups: 2 });
  const relu4 = net.relu("relu4", conv4);
  const conv5 = net.conv("conv5", relu4, { outputs: 256, kernel: 3, padding: 1, groups: 2 });
  const pool5 = net.pool("pool5", net.relu("relu5", conv5), { mode: "max", kernel: 3, stride: 2 });
  const drop6 = net.dropout("drop6", net.relu("relu6", net.fc("fc6", pool5, { outputs: 4096 })));
  const drop7 = net.dropout("drop7", net.relu("relu7", net.fc("fc7", drop6, { outputs: 4096 })));
  net.loss("loss", net.fc("fc8", drop7, { outputs: 1000 }));
  return {
    name: "alexnet",
    title: "AlexNet, grouped convolutions (2012)",
    source:
      "Krizhevsky, Sutskever, Hinton, NIPS 2012, as Caffe's bvlc_alexnet train_val.prototxt (227 × 227 crops, groups of 2)",
    input: net.input.shape,
    layers: net.layers(),
  };
}

/** AlexNet without groups and normalisation, the variant of convnet-benchmarks and torchvision. */
export function alexnetUngrouped(): Network {
  const net = startNetwork([3, 224, 224]);
  const pool1 = pooled(
    net,
    1,
    net.conv("conv1", net.input, { outputs: 64, kernel: 11, stride: 4, padding: 2 }),
  );
  const pool2 = pooled(net, 2, net.conv("conv2", pool1, { outputs: 192, kernel: 5, padding: 2 }));
  const relu3 = net.relu("relu3", net.conv("conv3", pool2, { outputs: 384, kernel: 3, padding: 1 }));
  const relu4 = net.relu("relu4", net.conv("conv4", relu3, { outputs: 256, kernel: 3, padding: 1 }));
  const pool5 = pooled(net, 5, net.conv("conv5", relu4, { outputs: 256, kernel: 3, padding: 1 }));
  const fc6 = net.fc("fc6", net.dropout("drop6", pool5), { outputs: 4096 });
  const fc7 = net.fc("fc7", net.dropout("drop7", net.relu("relu6", fc6)), { outputs: 4096 });
  net.loss("loss", net.fc("fc8", net.relu("relu7", fc7), { outputs: 1000 }));
  return {
    name: "alexnet-ungrouped",
    title: "AlexNet, one tower",
    source:
      "Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997, as torchvision.models.alexnet",
    input: net.input.shape,
    layers: net.layers(),
  };
}

function pooled(net: NetworkBuilder, stage: number, conv: Tensor): Tensor {
  return net.pool(`pool${stage}`, net.relu(`relu${stage}`, conv), { mode: "max", kernel: 3, stride: 2 });
}
