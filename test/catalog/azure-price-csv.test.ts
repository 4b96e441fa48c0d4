import { expect, test } from "vitest";
import { parseAzurePriceCsv } from "../../src/catalog/azure-price-csv.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";

const header =
  "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,Generation";

function imported(...lines: readonly string[]): ReturnType<typeof parseAzurePriceCsv> {
  return parseAzurePriceCsv([header, ...lines].join("\n"), "prices.csv");
}

test("a good row becomes a priced row on the size's documented shape", () => {
  const { rows, findings } = imported('Standard_NC6s_v3,V100,1,6.0,112,V100,3.06,0.4,eastus,"V1,V2"');
  expect(findings).toEqual([]);
  expect(rows).toMatchObject([
    {
      line: 2,
      shape: { id: "Standard_NC6s_v3", gpuType: "V100", gpuCount: 1, gpuShare: 1 },
      vcpuCount: 6,
      memoryGib: 112,
      pricePerHourUsd: 3.06,
      region: "eastus",
    },
  ]);
});

const good = "Standard_NC6,K80,1,6.0,56,K80,0.9,0.09,eastus,V1";
const refused: readonly (readonly [string, string, string, string])[] = [
  [
    "promo-skipped",
    "Standard_NC6_Promo,K80,1,6.0,56,K80,0.18,,eastus,V1",
    "InstanceType",
    "Standard_NC6_Promo",
  ],
  ["unpriced-refused", "Standard_NC24ads_A100_v4,A100-80GB,1,24.0,220,A100-80GB,,,westus,V2", "Price", ""],
  ["price-refused", "Standard_NC12,K80,2,12.0,112,K80,0,,eastus,V1", "Price", "0"],
  ["price-refused", "Standard_NC12,K80,2,12.0,112,K80,-1,,eastus,V1", "Price", "-1"],
  ["price-refused", "Standard_NC12,K80,2,12.0,112,K80,nan,,eastus,V1", "Price", "nan"],
  [
    "gpu-count-refused",
    "Standard_ND96isr_H100_v5,H100,12,96.0,1900,H100,98.32,98.32,eastus,V2",
    "AcceleratorCount",
    "12",
  ],
  ["gpu-count-refused", "Standard_NC12,K80,,12.0,112,K80,1.8,,eastus,V1", "AcceleratorCount", ""],
  ["gpu-type-refused", "Standard_NC12,T4,2,12.0,112,K80,1.8,,eastus,V1", "AcceleratorName", "T4"],
  [
    "unknown-size-refused",
    "Standard_NV4as_v4,Radeon MI25,1,4.0,14,Radeon MI25,0.2,,eastus,V1",
    "InstanceType",
    "Standard_NV4as_v4",
  ],
  ["number-refused", "Standard_NC12,K80,2,x,112,K80,1.8,,eastus,V1", "vCPUs", "x"],
  ["number-refused", "Standard_NC12,K80,2,12.0,0,K80,1.8,,eastus,V1", "MemoryGiB", "0"],
  ["duplicate-refused", good, "Region", "eastus"],
];

test.each(refused)("%s: %s", (kind, line, field, value) => {
  const { rows, findings } = imported(good, line);
  expect(rows).toHaveLength(1);
  expect(findings).toMatchObject([{ kind, line: 3, field, value }]);
  expect(findings[0]?.fix).not.toBe("");
});

test("a row without a price is kept apart, so that a user can supply one", () => {
  const { rows, unpriced } = imported("Standard_NC24ads_A100_v4,A100-80GB,1,24.0,220,A100-80GB,,,westus,V2");
  expect(rows).toEqual([]);
  expect(unpriced).toMatchObject([{ line: 2, shape: { id: "Standard_NC24ads_A100_v4" }, region: "westus" }]);
});

test("a third of an A10 that is listed as 1 GPU is corrected, and said so; as 0.333 it is right", () => {
  const { rows, findings } = imported(
    'Standard_NV12ads_A10_v5,A10,1,12.0,110,A10,0.908,0.2,eastus,"V1,V2"',
    'Standard_NV12ads_A10_v5,A10,0.333,12.0,110,A10,0.908,0.2,eastus2,"V1,V2"',
  );
  expect(rows.map((row) => [row.shape.gpuCount, row.shape.gpuShare])).toEqual([
    [1, 1 / 3],
    [1, 1 / 3],
  ]);
  expect(findings).toMatchObject([
    { kind: "fraction-corrected", line: 2, field: "AcceleratorCount", value: "1" },
  ]);
});

test("a file without a needed column, or with a ragged line, is refused as a whole", () => {
  expect(() => parseAzurePriceCsv("InstanceType,Region\nStandard_NC6,eastus\n", "prices.csv")).toThrow(
    /prices\.csv.*\n.*\/AcceleratorName: the column AcceleratorName is missing/,
  );
  expect(() => imported(good, "Standard_NC12,K80,2")).toThrow(InvalidInput);
  expect(() => imported(good, "Standard_NC12,K80,2")).toThrow(/line 3/);
});
