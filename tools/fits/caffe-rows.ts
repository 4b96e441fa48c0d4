/** Layers of GoogLeNet and Overfeat timed one by one by `caffe time` on a Titan X (Maxwell), batch 128 (soumith/convnet-benchmarks 6f718db, MIT). */
import { join } from "node:path";
import { millisecondsToSeconds } from "../../src/domain/units.ts";
import type { Layer, Shape } from "../../src/performance/network.ts";
import { readCsv, type CsvRow } from "./csv.ts";

/** One layer timed in both directions. */
export interface CaffeRow {
  readonly layer: Layer;
  readonly batchSize: number;
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
}

export const CAFFE_GPU = "TitanX-Maxwell";
export const CAFFE_SOURCE = "soumith/convnet-benchmarks 6f718db, caffe time on a Titan X (Maxwell), 2016";

/** The pooling, ReLU and concatenation layers; convolutions and products are measured better elsewhere. */
export function readCaffeRows(dataFolder: string): readonly CaffeRow[] {
  return readCsv(join(dataFolder, "layer-times", "caffe-titanx", "layers.csv")).flatMap((row) => {
    const layer = caffeLayer(row);
    if (layer === undefined) return [];
    return [
      {
        layer,
        batchSize: row.number("batch"),
        forwardSeconds: millisecondsToSeconds(row.number("forward_ms")),
        backwardSeconds: millisecondsToSeconds(row.number("backward_ms")),
      },
    ];
  });
}

function caffeLayer(row: CsvRow): Layer | undefined {
  const base = { name: row.text("layer"), inputs: ["input"], output: shape(row.text("out_shape")) };
  switch (row.text("type")) {
    case "ReLU":
      return { ...base, kind: "relu", input: shape(row.text("in_shape")) };
    case "Concat":
      return { ...base, kind: "concat", input: base.output };
    case "Pooling": {
      const kernel = row.number("kernel");
      const stride = row.number("stride");
      const pad = row.isEmpty("pad") ? 0 : row.number("pad");
      return {
        ...base,
        kind: "pool",
        mode: row.text("pool") === "MAX" ? "max" : "average",
        input: shape(row.text("in_shape")),
        kernel: [kernel, kernel],
        stride: [stride, stride],
        padding: [pad, pad, pad, pad],
      };
    }
    default:
      return undefined;
  }
}

/** "128x64x112x112" without its batch. */
function shape(text: string): Shape {
  return text.split("x").slice(1).map(Number);
}
