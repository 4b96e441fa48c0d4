/** Whole networks measured on one GPU, for checking predictions. */
import { join } from "node:path";
import type { Framework } from "../../src/domain/job.ts";
import { readCsv } from "./csv.ts";

/** Seconds of one training iteration on one GPU. */
export interface TimedNetwork {
  readonly source: string;
  readonly gpu: string;
  readonly framework: Framework;
  readonly networkName: string;
  readonly batchSize: number;
  readonly seconds: number;
}

/** tf_cnn_benchmarks' names; its AlexNet has no groups. */
const TENSORFLOW_NETWORKS = new Map([
  ["InceptionV3", "inception-v3"],
  ["ResNet-50", "resnet50"],
  ["ResNet-152", "resnet152"],
  ["AlexNet", "alexnet-ungrouped"],
  ["VGG16", "vgg16"],
]);

/** Pollux's applications of which models/networks has the network; clip length of deepspeech2 and steps of bert are ours. */
const POLLUX_NETWORKS = new Map([
  ["imagenet", "resnet50"],
  ["bert", "bert-base"],
  ["deepspeech2", "deepspeech2"],
]);

/** TensorFlow's figures on one K80 (synthetic data, GCE), ResNet-50 of Gavel (P100), three networks of Pollux (T4). */
export function readNetworkRows(dataFolder: string): readonly TimedNetwork[] {
  const folder = join(dataFolder, "network-times");
  const tensorflow = readCsv(join(folder, "tensorflow-2017-k80.csv"))
    .filter(
      (row) =>
        row.text("platform") === "GCE" && row.text("data") === "synthetic" && row.number("num_gpus") === 1,
    )
    .map((row): TimedNetwork => ({
      source: "tensorflow/docs 62da04c",
      gpu: "K80",
      framework: "tensorflow",
      networkName: TENSORFLOW_NETWORKS.get(row.text("model")) ?? "",
      batchSize: row.number("batch_size_per_gpu"),
      seconds: row.number("batch_size_per_gpu") / row.number("images_per_sec"),
    }));
  const gavel = readCsv(join(folder, "gavel-isolated.csv"))
    .filter((row) => row.text("model") === "ResNet-50")
    .map((row): TimedNetwork => ({
      source: "gavel c4fa400",
      gpu: "P100",
      framework: "pytorch",
      networkName: "resnet50",
      batchSize: row.number("batch_size"),
      seconds: 1 / row.number("steps_per_sec"),
    }));
  const pollux = readCsv(join(folder, "pollux-t4-placements.csv"))
    .filter((row) => POLLUX_NETWORKS.has(row.text("application")) && row.text("placement") === "1")
    .map((row): TimedNetwork => ({
      source: "adaptdl c793c70",
      gpu: "T4",
      framework: "pytorch",
      networkName: POLLUX_NETWORKS.get(row.text("application")) ?? "",
      batchSize: row.number("local_batch"),
      seconds: row.number("step_time_s"),
    }));
  return [...tensorflow, ...gavel, ...pollux];
}

/** Images per second of 1, 2, 4 and 8 K80 (synthetic data, GCE), as seconds of an iteration at a fixed per-GPU batch. */
export function readScalingRows(dataFolder: string): readonly (TimedNetwork & { readonly gpus: number })[] {
  return readCsv(join(dataFolder, "network-times", "tensorflow-2017-k80.csv"))
    .filter((row) => row.text("platform") === "GCE" && row.text("data") === "synthetic")
    .map((row) => ({
      source: "tensorflow/docs 62da04c",
      gpu: "K80",
      framework: "tensorflow",
      networkName: TENSORFLOW_NETWORKS.get(row.text("model")) ?? "",
      batchSize: row.number("batch_size_per_gpu"),
      gpus: row.number("num_gpus"),
      seconds: (row.number("batch_size_per_gpu") * row.number("num_gpus")) / row.number("images_per_sec"),
    }));
}
