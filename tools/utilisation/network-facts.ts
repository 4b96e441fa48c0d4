/**
 * Graph features of the networks in the co-location data. Counts follow torchvision's and Hugging Face's implementations; operations
 * are multiply-accumulates of one sample forward. A transformer encoder of L layers, width d, n tokens: 6 L linear layers,
 * L·(12 d² n + 2 n² d) operations (Vaswani et al., 2017).
 */
import type { UtilisationFeatures } from "../../src/performance/utilisation-features.ts";

/** Of one sample. */
export type NetworkFacts = Omit<UtilisationFeatures, "batchSize" | "operations"> & {
  readonly forwardOperations: number;
};

interface Encoder {
  readonly layers: number;
  readonly width: number;
  readonly tokens: number;
}

function encoderOperations({ layers, width, tokens }: Encoder): number {
  return layers * (12 * width ** 2 * tokens + 2 * tokens ** 2 * width);
}

/** Layer norms (two a layer and one), attention, two additions a layer, embeddings. */
const encoderOthers = (layers: number): number => 5 * layers + 2;

const BERT_BASE: Encoder = { layers: 12, width: 768, tokens: 128 };
const BERT_LARGE: Encoder = { layers: 24, width: 1024, tokens: 384 };
const VIT_B16: Encoder = { layers: 12, width: 768, tokens: 197 };
const VIT_H14: Encoder = { layers: 32, width: 1280, tokens: 257 };
const WHISPER_ENCODER: Encoder = { layers: 32, width: 1280, tokens: 1500 };

/** Patches are embedded by one convolution. */
const patchOperations = (patches: number, patchSize: number, width: number): number =>
  patches * 3 * patchSize ** 2 * width;

export const NETWORK_FACTS: Readonly<Record<string, NetworkFacts>> = {
  // 128 tokens are assumed: KACE does not say.
  "bert-base-cased": {
    convCount: 0,
    linearCount: 74,
    activationCount: 13,
    otherCount: encoderOthers(12),
    forwardOperations: encoderOperations(BERT_BASE),
    parameters: 108_310_272,
  },
  "vit-base-patch16-224": {
    convCount: 1,
    linearCount: 73,
    activationCount: 12,
    otherCount: encoderOthers(12),
    forwardOperations: encoderOperations(VIT_B16) + patchOperations(196, 16, 768),
    parameters: 86_567_656,
  },
  vit_h_14: {
    convCount: 1,
    linearCount: 193,
    activationCount: 32,
    otherCount: encoderOthers(32),
    forwardOperations: encoderOperations(VIT_H14) + patchOperations(256, 14, 1280),
    parameters: 632_045_800,
  },
  // The encoder alone: how many tokens the decoder wrote is not known.
  "whisper-large-v2": {
    convCount: 2,
    linearCount: 512,
    activationCount: 66,
    otherCount: encoderOthers(32) + 8 * 32,
    forwardOperations: encoderOperations(WHISPER_ENCODER),
    parameters: 1_543_304_960,
  },
  // Orion's inference runs: 48.6 ms at batch 2 on a V100 are 72 % of its peak for BERT-large at 384 tokens, 21 % for BERT-base.
  "bert-large": {
    convCount: 0,
    linearCount: 146,
    activationCount: 25,
    otherCount: encoderOthers(24),
    forwardOperations: encoderOperations(BERT_LARGE),
    parameters: 335_141_888,
  },
  // Orion's training run: 190.8 ms at batch 8 are less than BERT-large at 384 tokens takes at the peak.
  "bert-base": {
    convCount: 0,
    linearCount: 74,
    activationCount: 13,
    otherCount: encoderOthers(12),
    forwardOperations: encoderOperations({ ...BERT_BASE, tokens: 384 }),
    parameters: 109_483_778,
  },
  mobilenetv2: {
    convCount: 52,
    linearCount: 1,
    activationCount: 35,
    otherCount: 63,
    forwardOperations: 300_774_272,
    parameters: 3_504_872,
  },
  resnet50: {
    convCount: 53,
    linearCount: 1,
    activationCount: 49,
    otherCount: 71,
    forwardOperations: 4_089_184_256,
    parameters: 25_557_032,
  },
  resnet101: {
    convCount: 104,
    linearCount: 1,
    activationCount: 100,
    otherCount: 139,
    forwardOperations: 7_801_405_440,
    parameters: 44_549_160,
  },
};
