/** Graphs of the ONNX project whose networks Berth ships too; skipped where the files are not at hand. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadNetworks } from "../../../src/catalog/load-networks.ts";
import { importOnnx, importOnnxFile } from "../../../src/catalog/onnx/import-onnx.ts";
import { onnxModelType } from "../../../src/catalog/onnx/onnx-model.ts";
import type { Layer } from "../../../src/performance/network.ts";
import { layerSize } from "../../../src/performance/layer-size.ts";
import { multiplyAccumulates } from "../../../src/performance/multiply-accumulates.ts";

const folder = new URL("../../../../shared/data/networks/", import.meta.url);
const path = (name: string): string => new URL(`light_${name}.onnx`, folder).pathname;
const atHand = existsSync(path("vgg19"));
const options = { dimensions: new Map<string, number>() };

/** What must agree whatever layers are named: products, weights, and the work of each kind. */
function totals(layers: readonly Layer[]) {
  const priced = layers.filter(({ kind }) => kind !== "reshape");
  const sum = (count: (layer: Layer) => number): number =>
    priced.reduce((total, layer) => total + count(layer), 0);
  return {
    layers: priced.map(({ kind }) => kind).sort(),
    multiplyAccumulates: sum(multiplyAccumulates),
    weightCount: sum((layer) => layerSize(layer).weightCount),
    inputElements: sum((layer) => layerSize(layer).inputElements),
    outputElements: sum((layer) => layerSize(layer).outputElements),
  };
}

function shipped(name: string): readonly Layer[] {
  const network = loadNetworks().get(name);
  if (network === undefined) throw new Error(`no network ${name}`);
  return network.layers;
}

const decodedSchema = z.looseObject({
  graph: z.looseObject({
    input: z.array(z.looseObject({ name: z.string() })),
    node: z.array(
      z.looseObject({
        op_type: z.string(),
        attribute: z.array(z.looseObject({ name: z.string() })).default([]),
      }),
    ),
  }),
});

/** A file's bytes with its poolings as Caffe's: the last window may hang over the edge, and none is padded at one end only. */
function withCaffePooling(content: Uint8Array): Uint8Array {
  const type = onnxModelType();
  const model = decodedSchema.parse(type.toObject(type.decode(content), { longs: Number }));
  const node = model.graph.node.map((pool) => {
    if (pool.op_type === "AveragePool") {
      return { ...pool, attribute: pool.attribute.filter(({ name }) => name !== "pads") };
    }
    const ceil = { name: "ceil_mode", i: 1, type: 2 };
    return pool.op_type === "MaxPool" ? { ...pool, attribute: [...pool.attribute, ceil] } : pool;
  });
  return type.encode(type.fromObject({ ...model, graph: { ...model.graph, node } })).finish();
}

/** A file's bytes with the size of its image changed. */
function withImageSize(content: Uint8Array, size: number): Uint8Array {
  const type = onnxModelType();
  const model = decodedSchema.parse(type.toObject(type.decode(content), { longs: Number }));
  const dim = [1, 3, size, size].map((dim_value) => ({ dim_value }));
  const input = model.graph.input.map((info) =>
    info.name.startsWith("data")
      ? { name: info.name, type: { tensor_type: { elem_type: 1, shape: { dim } } } }
      : info,
  );
  return type.encode(type.fromObject({ ...model, graph: { ...model.graph, input } })).finish();
}

describe.skipIf(!atHand)("graphs of the ONNX project", () => {
  it("imports VGG-19 as the shipped one", () => {
    const { network, unknown } = importOnnxFile(path("vgg19"), options);
    expect(unknown).toEqual([]);
    expect(totals(network.layers)).toEqual(totals(shipped("vgg19")));
    expect(totals(network.layers)).toMatchObject({
      multiplyAccumulates: 19_632_062_464,
      weightCount: 143_667_240,
    });
  });

  it("imports AlexNet, on images of 227 as the shipped one", () => {
    const own = importOnnxFile(path("bvlc_alexnet"), options).network;
    expect(totals(own.layers)).toMatchObject({ weightCount: 60_965_224, multiplyAccumulates: 654_560_384 });
    const content = withImageSize(readFileSync(path("bvlc_alexnet")), 227);
    const { network } = importOnnx(content, "alexnet.onnx", options);
    expect(totals(network.layers)).toEqual(totals(shipped("alexnet")));
    expect(totals(network.layers).multiplyAccumulates).toBe(724_406_816);
  });

  it("imports GoogLeNet, with Caffe's pooling as the shipped one without its two auxiliary classifiers", () => {
    const own = importOnnxFile(path("inception_v1"), options).network;
    expect(totals(own.layers)).toMatchObject({ weightCount: 6_998_552, multiplyAccumulates: 1_431_556_352 });
    const content = withCaffePooling(readFileSync(path("inception_v1")));
    const { network } = importOnnx(content, "googlenet.onnx", options);
    const main = shipped("googlenet").filter(({ name }) => !/loss[12]|aux/.test(name));
    expect(totals(network.layers)).toEqual(totals(main));
  });
});
