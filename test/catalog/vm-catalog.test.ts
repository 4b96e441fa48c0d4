import { describe, expect, test } from "vitest";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import { loadVmCatalog, parseVmCatalog } from "../../src/catalog/load-vm-catalog.ts";
import { catalogRegions, offeredOn, selectRegion } from "../../src/catalog/select-vm-types.ts";

const gpus = loadGpus("models/gpus.json");

const goodRow: Readonly<Record<string, unknown>> = {
  id: "Standard_NC6",
  gpuType: "K80",
  gpuCount: 1,
  gpuShare: 1,
  gpuMemoryGib: 12,
  vcpuCount: 6,
  memoryGib: 56,
  pricePerHourUsd: 0.9,
  region: "eastus",
  quotaNodes: null,
  priceDate: "2022",
  priceSource: "list",
  source: "list",
  retirement: null,
};
const serverRow = { ...goodRow, id: "server", vcpuCount: null, memoryGib: null };

function catalogOf(...vmTypes: readonly unknown[]): unknown {
  return {
    name: "test",
    about: "a test",
    sources: { list: { title: "a price list", url: null } },
    vmTypes,
    withoutPrice: [],
  };
}

function problemsOf(input: unknown): InvalidInput["problems"] {
  try {
    parseVmCatalog(input, "test.json", gpus);
  } catch (error) {
    if (error instanceof InvalidInput) return error.problems;
    throw error;
  }
  return [];
}

describe("committed catalogues", () => {
  test("the slides' nine VM types load at the slides' prices", () => {
    const catalog = loadVmCatalog("instances/catalogs/slides-2019.json", gpus);
    const prices = selectRegion(catalog, "slides-2019").map((v) => [
      v.id,
      v.gpuType,
      v.gpuCount,
      v.pricePerHourUsd,
    ]);
    expect(prices).toEqual([
      ["In-house-1", "P600", 2, 0.11],
      ["In-house-2", "GTX1080Ti", 8, 1.13],
      ["In-house-3", "P600", 8, 0.44],
      ["Standard_NC12", "K80", 2, 1.13],
      ["Standard_NC24", "K80", 4, 2.25],
      ["Standard_NC6", "K80", 1, 0.56],
      ["Standard_NV12", "M60", 2, 1.24],
      ["Standard_NV24", "M60", 4, 2.48],
      ["Standard_NV6", "M60", 1, 0.62],
    ]);
  });

  test("a region of Azure 2022 is selected whole, and prices differ by region", () => {
    const catalog = loadVmCatalog("instances/catalogs/azure-2022.json", gpus);
    expect(catalogRegions(catalog)).toEqual([
      "centralus",
      "eastus",
      "eastus2",
      "northcentralus",
      "southcentralus",
      "westus",
      "westus2",
    ]);
    const priceOfNc6 = (region: string): number | undefined =>
      selectRegion(catalog, region).find((v) => v.id === "Standard_NC6")?.pricePerHourUsd;
    expect([priceOfNc6("eastus"), priceOfNc6("southcentralus")]).toEqual([0.9, 1.08]);
    expect(selectRegion(catalog, "eastus").find((v) => v.id === "Standard_NV12ads_A10_v5")).toMatchObject({
      gpuCount: 1,
      gpuShare: 1 / 3,
      gpuMemoryGib: 8,
    });
  });

  test("today's catalogue has the H100 and H200 with 8 GPUs, and nothing retired", () => {
    const catalog = loadVmCatalog("instances/catalogs/azure-2026-11.json", gpus);
    const row = (id: string): unknown => selectRegion(catalog, "eastus2").find((v) => v.id === id);
    expect(row("Standard_ND96isr_H100_v5")).toMatchObject({ gpuCount: 8, pricePerHourUsd: 98.32 });
    expect(row("Standard_ND96isr_H200_v5")).toMatchObject({ gpuCount: 8, pricePerHourUsd: 84.8 });
    expect(offeredOn(catalog, "2026-11-20").vmTypes).toHaveLength(catalog.vmTypes.length);
    expect(catalog.withoutPrice.map((row) => row.id)).toEqual([
      "Standard_NV6ads_A10_v5",
      "Standard_NV18ads_A10_v5",
    ]);
  });

  test("retired types can be left out by day", () => {
    const catalog = loadVmCatalog("instances/catalogs/azure-2022.json", gpus);
    const ids = (day: string): ReadonlySet<string> =>
      new Set(offeredOn(catalog, day).vmTypes.map((row) => row.id));
    expect(ids("2023-09-05").has("Standard_NC6")).toBe(true);
    expect(ids("2023-09-06").has("Standard_NC6")).toBe(false);
    expect(ids("2026-11-20").has("Standard_NC4as_T4_v3")).toBe(true);
  });

  test("a region without prices is refused with the regions there are", () => {
    const catalog = loadVmCatalog("instances/catalogs/slides-2019.json", gpus);
    expect(() => selectRegion(catalog, "eastus")).toThrow(
      /no prices for this region; found "eastus".*slides-2019/,
    );
  });
});

describe("refused rows", () => {
  const refused: readonly (readonly [string, Readonly<Record<string, unknown>>, string, RegExp])[] = [
    ["a price of 0", { pricePerHourUsd: 0 }, "/vmTypes/1/pricePerHourUsd", /above 0.*never free/],
    ["a negative price", { pricePerHourUsd: -1 }, "/vmTypes/1/pricePerHourUsd", /above 0/],
    ["a price that is NaN", { pricePerHourUsd: NaN }, "/vmTypes/1/pricePerHourUsd", /finite number/],
    ["a price as text", { pricePerHourUsd: "0.9" }, "/vmTypes/1/pricePerHourUsd", /finite number/],
    ["a price of null", { pricePerHourUsd: null }, "/vmTypes/1/pricePerHourUsd", /price is missing/],
    ["an absent price", { pricePerHourUsd: undefined }, "/vmTypes/1/pricePerHourUsd", /missing/],
    ["a monthly price", { pricePerHourUsd: 657 }, "/vmTypes/1/pricePerHourUsd", /outside 0.01 to 100/],
    [
      "a price in thousands",
      { pricePerHourUsd: 0.0009 },
      "/vmTypes/1/pricePerHourUsd",
      /outside 0.01 to 100/,
    ],
    ["a part of a GPU as count", { gpuCount: 0.33 }, "/vmTypes/1/gpuCount", /whole number/],
    ["no GPU", { gpuCount: 0 }, "/vmTypes/1/gpuCount", /at least 1/],
    ["12 GPUs", { gpuCount: 12 }, "/vmTypes/1/gpuCount", /no node is built with 12 GPUs/],
    ["an unknown GPU", { gpuType: "K81" }, "/vmTypes/1/gpuType", /not in the GPU table/],
    ["a share above 1", { gpuShare: 1.5 }, "/vmTypes/1/gpuShare", /Too big/],
    [
      "a slice with a whole GPU's memory",
      { gpuShare: 0.5 },
      "/vmTypes/1/gpuMemoryGib",
      /share of 0.5 of a K80 has 6 GiB/,
    ],
    [
      "a source that is not listed",
      { priceSource: "rumour" },
      "/vmTypes/1/priceSource",
      /no entry of \/sources/,
    ],
    ["an unlisted field", { price: 1 }, "/vmTypes/1/price", /not a field/],
    ["a date in words", { priceDate: "last year" }, "/vmTypes/1/priceDate", /YYYY/],
  ];

  test.each(refused)("%s", (_what, change, path, message) => {
    const problems = problemsOf(catalogOf(goodRow, { ...serverRow, ...change }));
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.message).toContain('"server"');
    expect(problems[0]?.fix).not.toBe("");
  });

  test("upstream's 12-GPU ND96isr_H100_v5", () => {
    const row = { ...goodRow, id: "Standard_ND96isr_H100_v5", gpuType: "H100-80GB", gpuMemoryGib: 80 };
    const problems = problemsOf(catalogOf({ ...row, gpuCount: 12, pricePerHourUsd: 98.32 }));
    expect(problems.map(({ path, value }) => [path, value])).toContainEqual(["/vmTypes/0/gpuCount", 12]);
    expect(problems.map(({ fix }) => fix).join()).toContain("Write 8");
  });

  test("a documented size with another possible count", () => {
    const problems = problemsOf(catalogOf({ ...goodRow, gpuCount: 2 }));
    expect(problems[0]).toMatchObject({
      path: "/vmTypes/0/gpuCount",
      message: "Standard_NC6 is documented with gpuCount 1",
    });
  });

  test("a third of an A10 as a whole one", () => {
    const row = { ...goodRow, id: "Standard_NV12ads_A10_v5", gpuType: "A10", gpuMemoryGib: 24, gpuShare: 1 };
    expect(problemsOf(catalogOf(row)).map(({ path }) => path)).toEqual(["/vmTypes/0/gpuShare"]);
    expect(problemsOf(catalogOf({ ...row, gpuShare: 1 / 3, gpuMemoryGib: 8 }))).toEqual([]);
  });

  test("the same id twice in one region, not in two", () => {
    expect(problemsOf(catalogOf(goodRow, goodRow))[0]).toMatchObject({
      path: "/vmTypes/1/id",
      value: "Standard_NC6",
    });
    expect(problemsOf(catalogOf(goodRow, { ...goodRow, region: "westus2" }))).toEqual([]);
  });

  test("every problem is reported at once, and the error names the file", () => {
    const input = catalogOf({ ...goodRow, pricePerHourUsd: 0 }, { ...serverRow, gpuCount: 1.5 });
    expect(problemsOf(input)).toHaveLength(2);
    expect(() => parseVmCatalog(input, "test.json", gpus)).toThrow(/^test\.json cannot be used/);
  });
});
