import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { networkJson } from "../../tools/networks/network-json.ts";
import { shippedNetworks } from "../../tools/networks/shipped-networks.ts";

const SHIPPED = new URL("../../models/networks/", import.meta.url);

describe("models/networks", () => {
  it("holds what tools/networks writes, and nothing else", () => {
    const written = shippedNetworks().map(({ name }) => `${name}.json`);
    expect(readdirSync(SHIPPED).sort()).toEqual(written.sort());
    for (const network of shippedNetworks()) {
      const text = readFileSync(new URL(`${network.name}.json`, SHIPPED), "utf8");
      // A plain comparison: a difference of long texts would take minutes to print.
      expect(
        text === networkJson(network),
        `${network.name}.json: run tools/networks/write-networks.ts`,
      ).toBe(true);
    }
  });

  it("loads by name, sorted, as the builders made them", () => {
    const networks = loadNetworks();
    const names = [...networks.keys()];
    expect(names).toEqual([...names].sort());
    expect(networks.get("resnet50")).toEqual(shippedNetworks().find(({ name }) => name === "resnet50"));
  });
});

describe("loadNetworks", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "networks-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const tiny = {
    name: "tiny",
    title: "Tiny",
    source: "test",
    input: [2, 3],
    layers: [{ kind: "relu", name: "relu", inputs: ["input"], input: [2, 3], output: [2, 3] }],
  };

  it("reads a directory of one's own", () => {
    writeFileSync(join(directory, "tiny.json"), JSON.stringify(tiny));
    writeFileSync(join(directory, "README.md"), "no network");
    expect([...loadNetworks(directory)]).toEqual([["tiny", tiny]]);
  });

  it("names the file and path of a network that cannot be used", () => {
    const layers = [{ ...tiny.layers[0], output: [2, 4] }];
    writeFileSync(join(directory, "tiny.json"), JSON.stringify({ ...tiny, layers }));
    expect(() => loadNetworks(directory)).toThrow(/tiny\.json.*\n.*\/layers\/0\/output/);
  });

  it("refuses a file of another name than its network's", () => {
    writeFileSync(join(directory, "big.json"), JSON.stringify(tiny));
    expect(() => loadNetworks(directory)).toThrow(/big\.json.*\n.*\/name/);
  });
});
