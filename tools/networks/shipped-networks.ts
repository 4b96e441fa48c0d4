import type { Network } from "../../src/performance/network.ts";
import { alexnet, alexnetUngrouped } from "./alexnet.ts";
import { bertBase } from "./bert.ts";
import { deepSpeech2 } from "./deepspeech2.ts";
import { densenet121 } from "./densenet.ts";
import { googlenet } from "./googlenet.ts";
import { inceptionV3 } from "./inception-v3.ts";
import { resnet } from "./resnet.ts";
import { vgg } from "./vgg.ts";

/** Every network in models/networks. */
export function shippedNetworks(): readonly Network[] {
  return [
    alexnet(),
    alexnetUngrouped(),
    vgg(11),
    vgg(16),
    vgg(19),
    googlenet(),
    inceptionV3(),
    resnet(18),
    resnet(50),
    resnet(152),
    densenet121(),
    deepSpeech2({ recurrentLayers: 5, hidden: 800, labels: 29 }),
    bertBase(),
  ];
}
