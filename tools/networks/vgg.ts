import type { Network } from "../../src/performance/network.ts";
import { startNetwork } from "./network-builder.ts";

/** Convolutions in each of the five blocks; configurations A, D and E of the paper's table 1. */
const CONVOLUTIONS = { 11: [1, 1, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;
const CHANNELS = [64, 128, 256, 512, 512] as const;

/** VGG with 11, 16 or 19 layers that have weights. */
export function vgg(depth: keyof typeof CONVOLUTIONS): Network {
  const net = startNetwork([3, 224, 224]);
  let tensor = net.input;
  for (const [index, outputs] of CHANNELS.entries()) {
    const block = index + 1;
    const convolutions = CONVOLUTIONS[depth][index] ?? 0;
    for (let position = 1; position <= convolutions; position++) {
      tensor = net.conv(`conv${block}_${position}`, tensor, { outputs, kernel: 3, padding: 1 });
      tensor = net.relu(`relu${block}_${position}`, tensor);
    }
    tensor = net.pool(`pool${block}`, tensor, { mode: "max", kernel: 2, stride: 2 });
  }
  for (const number of [6, 7]) {
    tensor = net.relu(`relu${number}`, net.fc(`fc${number}`, tensor, { outputs: 4096 }));
    tensor = net.dropout(`drop${number}`, tensor);
  }
  net.loss("loss", net.fc("fc8", tensor, { outputs: 1000 }));
  return {
    name: `vgg${depth}`,
    title: `VGG-${depth}`,
    source: `Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015, as torchvision.models.vgg${depth}`,
    input: net.input.shape,
    layers: net.layers(),
  };
}
