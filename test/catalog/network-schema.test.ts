import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import { createSchema } from "zod-openapi";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { inlineNetworkSchema, networkSchema } from "../../src/catalog/network-schema.ts";
import type { Network } from "../../src/performance/network.ts";
import { LAYERS, pool, problemsOf, side } from "./tiny-network.ts";

describe("network schema", () => {
  it("accepts a network, with or without name, title and source", () => {
    const layers = { input: [4, 8, 8], layers: LAYERS };
    expect(problemsOf(layers)).toEqual([]);
    const titled = { name: "tiny", title: "Tiny", source: "test", ...layers };
    expect(problemsOf(titled)).toEqual([]);
    expect(problemsOf(titled, networkSchema)).toEqual([]);
    expect(problemsOf(layers, networkSchema).map(({ path }) => path)).toEqual(["/name", "/title", "/source"]);
  });

  it("infers a type that is a Network", () => {
    expectTypeOf<z.infer<typeof networkSchema>>().toExtend<Network>();
    expectTypeOf<z.infer<typeof inlineNetworkSchema>>().toExtend<Pick<Network, "input" | "layers">>();
  });

  it("becomes an OpenAPI schema with one component per kind of layer", () => {
    const { components } = createSchema(inlineNetworkSchema, { io: "input" });
    expect(Object.keys(components)).toEqual(expect.arrayContaining(["InlineNetwork", "Layer", "ConvLayer"]));
    expect(components["Layer"]).toMatchObject({ discriminator: { propertyName: "kind" } });
  });

  it("accepts a pooling's output under floor and under ceil rounding", () => {
    const onePool = (height: number) => ({
      input: [6, 4, 4],
      layers: [{ ...pool, inputs: ["input"], kernel: [3, 3], output: [6, height, 1] }],
    });
    expect(problemsOf(onePool(1))).toEqual([]);
    expect(problemsOf(onePool(2))).toEqual([]);
    expect(problemsOf(onePool(3))[0]).toMatchObject({ path: "/layers/0/output/1", value: 3 });
  });

  it("accepts sequences: embedding, recurrent with joined or summed directions, attention, one step kept", () => {
    const embedding = {
      kind: "embedding",
      name: "e",
      inputs: ["input"],
      input: [7],
      output: [7, 8],
      vocabulary: 9,
    };
    const gru = {
      kind: "recurrent",
      inputs: ["e"],
      input: [7, 8],
      cell: "gru",
      hidden: 4,
      directions: 2,
      bias: true,
    };
    const attention = {
      kind: "attention",
      name: "a",
      inputs: ["e", "r", "e"],
      input: [7, 8],
      output: [7, 8],
      heads: 2,
    };
    const layers = [
      embedding,
      { ...gru, name: "r", output: [7, 8] },
      { ...gru, name: "s", output: [7, 4] },
      attention,
      { kind: "concat", name: "c", inputs: ["a", "s"], input: [7, 12], output: [7, 12] },
      { kind: "reshape", name: "first", inputs: ["c"], input: [7, 12], output: [12] },
    ];
    expect(problemsOf({ input: [7], layers })).toEqual([]);
  });

  it("refuses more than 5,000 layers, and lists at most 20 problems of a graph", () => {
    const relu = { ...side, inputs: ["input"] };
    const chain = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...relu, name: `relu${index}` }));
    expect(problemsOf({ input: [6, 2, 2], layers: chain(5000) })).toEqual([]);
    expect(problemsOf({ input: [6, 2, 2], layers: chain(5001) }).map(({ path }) => path)).toEqual([
      "/layers",
    ]);
    expect(problemsOf({ input: [6, 2, 3], layers: chain(5000) })).toHaveLength(20);
  });

  it("refuses every shipped network once any size of any output is changed", () => {
    const networks = [...loadNetworks().values()];
    const anyNetwork = fc.constantFrom(...networks);
    const anyPlace = fc.record({ layer: fc.nat(), axis: fc.nat(), added: fc.integer({ min: 1, max: 7 }) });
    fc.assert(
      fc.property(anyNetwork, anyPlace, (network, place) => {
        const changed = place.layer % network.layers.length;
        const layers = network.layers.map((layer, index) => {
          const axis = place.axis % layer.output.length;
          const output = layer.output.map((size, other) => (other === axis ? size + place.added : size));
          return index === changed ? { ...layer, output } : layer;
        });
        expect(networkSchema.safeParse({ ...network, layers }).success).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});
