import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { AZURE_VM_SHAPES } from "../../src/catalog/azure-vm-shapes.ts";
import { gpuFileSchema } from "../../src/catalog/gpu-schema.ts";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import { loadVmCatalog } from "../../src/catalog/load-vm-catalog.ts";
import { parseInput } from "../../src/catalog/parse-json-file.ts";

const gpus = loadGpus("models/gpus.json");
const names = new Set(gpus.map((gpu) => gpu.name));

test("the GPU table covers every GPU of the catalogues and the documented sizes", () => {
  for (const file of readdirSync("instances/catalogs").filter((name) => name.endsWith(".json"))) {
    const catalog = loadVmCatalog(`instances/catalogs/${file}`, gpus);
    for (const row of [...catalog.vmTypes, ...catalog.withoutPrice]) expect(names).toContain(row.gpuType);
  }
  for (const shape of AZURE_VM_SHAPES) expect(names).toContain(shape.gpuType);
  for (const name of ["K40", "TitanX-Maxwell"]) expect(names).toContain(name);
});

test("two-die boards are given by die", () => {
  expect(gpus.find((gpu) => gpu.name === "K80")).toMatchObject({
    memoryGib: 12,
    memoryBandwidthGbPerSecond: 240,
  });
  expect(gpus.find((gpu) => gpu.name === "M60")).toMatchObject({
    memoryGib: 8,
    memoryBandwidthGbPerSecond: 160.4,
  });
});

test("fp32 is the rate without tensor cores", () => {
  for (const gpu of gpus) expect(gpu.peakFp32Tflops, gpu.name).toBeLessThan(100);
});

test("a GPU that is listed twice is refused", () => {
  const input: unknown = JSON.parse(readFileSync("models/gpus.json", "utf8"));
  const file = gpuFileSchema.parse(input);
  expect(() =>
    parseInput(gpuFileSchema, { ...file, gpus: [...file.gpus, file.gpus[0]] }, "gpus.json"),
  ).toThrow(new RegExp(`/gpus/${String(file.gpus.length)}/name: "A10" is listed twice, first at index 0`));
});
