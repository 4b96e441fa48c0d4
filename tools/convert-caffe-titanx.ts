/**
 * Turns the layer times of `caffe time` in ../shared/data (soumith/convnet-benchmarks 6f718db, MIT) into layer profiles, the CSV of
 * docs/layer-profile.md: one file for each network.
 *   npx tsx tools/convert-caffe-titanx.ts [--data ../shared/data] --out FOLDER
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { LAYER_PROFILE_COLUMNS } from "../src/catalog/layer-profile-csv.ts";
import { readCsv, type CsvRow } from "./fits/csv.ts";

const KINDS = new Map([
  ["Input", "input"],
  ["Convolution", "conv"],
  ["InnerProduct", "fc"],
  ["Pooling", "pool"],
  ["ReLU", "relu"],
  ["Concat", "concat"],
  ["Split", "split"],
  ["LRN", "norm"],
  ["Dropout", "dropout"],
  ["Softmax", "softmax"],
  ["SoftmaxWithLoss", "loss"],
]);

/** Text of the profile of each network, by the network's name. */
export function caffeProfiles(dataFolder: string): ReadonlyMap<string, string> {
  const rows = readCsv(join(dataFolder, "layer-times", "caffe-titanx", "layers.csv"));
  const header = LAYER_PROFILE_COLUMNS.join(",");
  const linesByNetwork = new Map<string, string[]>();
  for (const row of rows) {
    const network = row.text("network");
    const lines = linesByNetwork.get(network) ?? [header];
    lines.push(profileLine(row));
    linesByNetwork.set(network, lines);
  }
  return new Map([...linesByNetwork].map(([network, lines]) => [network, `${lines.join("\n")}\n`]));
}

function profileLine(row: CsvRow): string {
  const type = row.text("type");
  const kind = KINDS.get(type);
  if (kind === undefined) throw new Error(`Caffe's layer type "${type}" has no kind.`);
  const hasWindow = kind === "conv" || kind === "pool";
  const orElse = (column: string, otherwise: string): string =>
    row.text(column) === "" ? otherwise : row.text(column);
  return [
    row.text("network"),
    row.text("batch"),
    row.text("layer"),
    kind,
    // The shape of a concatenation's first input says nothing of the others.
    kind === "concat" ? "" : withoutBatch(row.text("in_shape")),
    withoutBatch(row.text("out_shape")),
    hasWindow ? row.text("kernel") : "",
    hasWindow ? orElse("stride", "1") : "",
    hasWindow ? orElse("pad", "0") : "",
    kind === "conv" ? orElse("group", "1") : "",
    row.text("forward_ms"),
    row.text("backward_ms"),
  ].join(",");
}

/** "128x64x112x112" without its batch; a blank stays blank. */
function withoutBatch(shape: string): string {
  return shape.split("x").slice(1).join("x");
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const { values } = parseArgs({ options: { data: { type: "string" }, out: { type: "string" } } });
  if (values.out === undefined) throw new Error("Name the folder to write to with --out.");
  const root = resolve(import.meta.dirname, "..");
  mkdirSync(values.out, { recursive: true });
  for (const [network, text] of caffeProfiles(resolve(values.data ?? join(root, "..", "shared", "data")))) {
    writeFileSync(join(values.out, `${network}-caffe-titanx.csv`), text);
  }
}
