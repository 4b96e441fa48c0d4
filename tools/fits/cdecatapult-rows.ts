/**
 * Single layers timed by CDECatapult/ml-performance-prediction (e649f32, Apache-2.0), as layers of ours.
 *
 * What its benchmark runs besides the layer (benchmark_conv.py, benchmark_dense.py of that repository): the input and the
 * target are tf.Variables, so that a training row also updates both with the optimiser, and its loss is the mean square
 * of (output − target). That work is counted here, in bytes per number, to be fitted at one rate and left out of the layer:
 *
 *   loss    forward   subtract 12, square 8, mean 4                                         24 per output
 *           backward  spread and divide 12, times 2x 20, negate for the target 8            40 per output
 *   update  of the target (output-sized), the input and the weights, bytes by optimiser:
 *           sgd 12; momentum, adagrad +8 (one state read and written); rmsprop, adam, adadelta +16 (two)
 *   activation function of the row, a kernel of its own: forward 8, backward 12             per output
 */
import { join } from "node:path";
import { millisecondsToSeconds } from "../../src/domain/units.ts";
import { elementCount } from "../../src/performance/shape.ts";
import { layerSize } from "../../src/performance/layer-size.ts";
import type { ConvLayer, FcLayer } from "../../src/performance/network.ts";
import { readCsv, type CsvRow } from "./csv.ts";

/** One timed layer. */
export interface TimedLayer {
  readonly layer: ConvLayer | FcLayer;
  readonly batchSize: number;
  /** Forward only, or forward, backward and an optimiser step. */
  readonly pass: "forward" | "training";
  /** Bytes moved by the benchmark's activation and loss; see the header. */
  readonly harnessBytes: number;
  /** Optimiser of a training step; "none" of a forward pass. */
  readonly optimizer: string;
  /** Bytes moved by the benchmark's updates of weights, input and target. */
  readonly updateBytes: number;
  readonly seconds: number;
}

/** GPUs of the data, by their canonical names, which are also those of the files. */
export const MEASURED_GPUS = ["K40", "K80", "M60", "GTX1080Ti", "P100", "V100"] as const;
/** Optimisers of its training rows. */
export const CDECATAPULT_OPTIMIZERS = ["sgd", "momentum", "adagrad", "rmsprop", "adam", "adadelta"] as const;
export const CDECATAPULT_SOURCE =
  "CDECatapult/ml-performance-prediction e649f32, TensorFlow 1.x, float32, 2018";
export const CDECATAPULT_LICENCE = "Apache-2.0";

const SGD_BYTES = 12;
const EXTRA_STATE_BYTES = new Map([
  ["none", 0],
  ["sgd", 0],
  ["momentum", 8],
  ["adagrad", 8],
  ["rmsprop", 16],
  ["adam", 16],
  ["adadelta", 16],
]);

/** Timed convolutions of one GPU. */
export function readConvRows(dataFolder: string, gpu: string): readonly TimedLayer[] {
  return readCsv(join(dataFolder, "layer-times", "cdecatapult", `conv_${gpu}.csv`)).map((row) =>
    timedLayer(row, convLayer(row)),
  );
}

/** Timed fully connected layers of one GPU. */
export function readDenseRows(dataFolder: string, gpu: string): readonly TimedLayer[] {
  return readCsv(join(dataFolder, "layer-times", "cdecatapult", `dense_${gpu}.csv`)).map((row) =>
    timedLayer(row, {
      kind: "fc",
      name: "dense",
      inputs: ["variable"],
      input: [row.number("dim_input")],
      output: [row.number("dim_output")],
      bias: true, // tf.layers.dense's default, which benchmark_dense.py keeps.
    }),
  );
}

/** matsize is the side of a square image; TensorFlow's SAME gives ⌈H/s⌉, VALID ⌈(H − k + 1)/s⌉. */
function convLayer(row: CsvRow): ConvLayer {
  const side = row.number("matsize");
  const kernel = row.number("kernelsize");
  const stride = row.number("strides");
  const same = row.text("padding") === "same";
  const outputSide = Math.ceil((same ? side : side - kernel + 1) / stride);
  const padded = same ? Math.max((outputSide - 1) * stride + kernel - side, 0) : 0;
  const before = Math.floor(padded / 2);
  return {
    kind: "conv",
    name: "conv",
    inputs: ["variable"], // Its gradient is computed, for the update.
    input: [row.number("channels_in"), side, side],
    output: [row.number("channels_out"), outputSide, outputSide],
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: [before, before, padded - before, padded - before],
    groups: 1,
    bias: row.number("use_bias") === 1,
  };
}

function timedLayer(row: CsvRow, layer: ConvLayer | FcLayer): TimedLayer {
  const batchSize = row.number("batchsize");
  const optimizer = row.text("optimizer");
  const extraStateBytes = EXTRA_STATE_BYTES.get(optimizer);
  if (extraStateBytes === undefined) throw new Error(`The optimiser "${optimizer}" has no byte count.`);
  const inputs = elementCount(layer.input) * batchSize;
  const outputs = elementCount(layer.output) * batchSize;
  const hasActivation = row.text("activation") !== "none";
  const training = optimizer !== "none";
  const updateBytes = (SGD_BYTES + extraStateBytes) * (inputs + outputs + layerSize(layer).weightCount);
  return {
    layer,
    batchSize,
    pass: training ? "training" : "forward",
    harnessBytes:
      (hasActivation ? 8 * outputs : 0) +
      (training ? (24 + 40) * outputs + (hasActivation ? 12 * outputs : 0) : 0),
    optimizer,
    updateBytes: training ? updateBytes : 0,
    seconds: millisecondsToSeconds(row.number("time_ms_median")),
  };
}
