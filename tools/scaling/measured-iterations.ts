/** Whole iterations on one and more GPUs, from TensorFlow's figures of 2017 (K80) and Pollux (T4). */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Framework } from "../../src/domain/job.ts";
import { readCsv } from "../fits/csv.ts";

/** A GPU and framework that whole iterations were measured with. */
export interface Setting {
  readonly gpu: string;
  readonly framework: Framework;
  readonly source: string;
  readonly licence: string;
}

export const TENSORFLOW_K80: Setting = {
  gpu: "K80",
  framework: "tensorflow",
  source: "tensorflow/docs 62da04c, performance/benchmarks (2017)",
  licence: "Apache-2.0 (tables retyped)",
};
export const PYTORCH_T4: Setting = {
  gpu: "T4",
  framework: "pytorch",
  source: "petuum/adaptdl c793c70, traces of Pollux (OSDI 2021)",
  licence: "Apache-2.0",
};

/** Seconds of one iteration, the batch of each GPU kept. */
export interface MeasuredIteration {
  readonly setting: Setting;
  /** Where the rows of one application differ otherwise: cloud and data of TensorFlow's figures; placements of Pollux share one. */
  readonly variant: string;
  readonly data: "synthetic" | "real";
  readonly application: string;
  readonly batchSizePerGpu: number;
  readonly gpus: number;
  readonly nodes: number;
  readonly seconds: number;
  /** The same on one GPU. */
  readonly aloneSeconds: number;
  /** Float32 gradients. */
  readonly gradientBytes: number;
}

const BYTES_PER_GRADIENT = 4;

/**
 * Learned numbers. tf_cnn_benchmarks: torchvision's counts (its Inception-v3 has no auxiliary head). Pollux, from the
 * training scripts in adaptdl/benchmark/models: ResNet-50, BERT-base, darknet-53 YOLOv3 for VOC, ResNet-18 for CIFAR-10,
 * DeepSpeech 2 with five bidirectional GRU of 800 (our networks/deepspeech2.json), and NeuMF on MovieLens-1M, which is
 * (6,040 + 3,706)·(32 + 128) embeddings and 43,297 in its layers.
 */
const WEIGHTS = new Map([
  ["InceptionV3", 23_834_568],
  ["ResNet-50", 25_557_032],
  ["ResNet-152", 60_192_808],
  ["AlexNet", 61_100_840],
  ["VGG16", 138_357_544],
  ["imagenet", 25_557_032],
  ["bert", 109_483_778],
  ["yolov3", 61_626_000],
  ["cifar10", 11_173_962],
  ["deepspeech2", 41_187_968],
  ["ncf", 1_602_657],
]);

type Row = Omit<MeasuredIteration, "aloneSeconds" | "gradientBytes">;

/** Every row with more than one GPU whose one-GPU time was measured too. */
export function readMeasuredIterations(dataFolder: string): readonly MeasuredIteration[] {
  const rows = readRows(dataFolder);
  const alone = new Map(rows.filter(({ gpus }) => gpus === 1).map((row) => [keyOf(row), row.seconds]));
  return rows
    .filter(({ gpus }) => gpus > 1)
    .flatMap((row) => {
      const aloneSeconds = alone.get(keyOf(row));
      const weights = WEIGHTS.get(row.application);
      if (weights === undefined)
        throw new Error(`The weights of ${row.application} are not known; add them.`);
      return aloneSeconds === undefined
        ? []
        : [{ ...row, aloneSeconds, gradientBytes: BYTES_PER_GRADIENT * weights }];
    });
}

/** The folder of the measured data, or undefined where it is absent. */
export function measuredDataFolder(named: string | undefined, root: string): string | undefined {
  const folder = named ?? join(root, "..", "shared", "data");
  return existsSync(join(folder, "network-times")) ? folder : undefined;
}

const keyOf = (row: Row): string =>
  `${row.setting.gpu} ${row.variant} ${row.application} ${row.batchSizePerGpu}`;

/** All rows, one-GPU ones included. */
export function readRows(dataFolder: string): readonly Row[] {
  const folder = join(dataFolder, "network-times");
  const tensorflow = readCsv(join(folder, "tensorflow-2017-k80.csv")).map((row): Row => ({
    setting: TENSORFLOW_K80,
    variant: `${row.text("platform")} ${row.text("data")}`,
    data: row.text("data") === "real" ? "real" : "synthetic",
    application: row.text("model"),
    batchSizePerGpu: row.number("batch_size_per_gpu"),
    gpus: row.number("num_gpus"),
    nodes: row.number("num_nodes"),
    seconds: (row.number("batch_size_per_gpu") * row.number("num_gpus")) / row.number("images_per_sec"),
  }));
  const pollux = ["pollux-t4-placements.csv", "pollux-t4-scalability.csv"].flatMap((name) =>
    readCsv(join(folder, name)).map((row): Row => ({
      setting: PYTORCH_T4,
      variant: "pollux",
      data: "real",
      application: row.text("application"),
      batchSizePerGpu: row.number("local_batch"),
      gpus: row.number("num_gpus"),
      nodes: row.number("num_nodes"),
      seconds: row.number("step_time_s"),
    })),
  );
  return [...tensorflow, ...pollux];
}
