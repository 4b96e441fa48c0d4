import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import { azure2022 } from "../../tools/catalogs/azure-2022.ts";
import { azure202611 } from "../../tools/catalogs/azure-2026-11.ts";
import { catalogText } from "../../src/catalog/vm-catalog-text.ts";

const repository = resolve(import.meta.dirname, "../..");
const csvPath = resolve(repository, "../shared/data/vm-catalog/azure-gpu-vms-2022.csv");
const gpus = loadGpus(resolve(repository, "models/gpus.json"));
const committed = (name: string): string =>
  readFileSync(resolve(repository, "instances/catalogs", `${name}.json`), "utf8");

test("azure-2022.json is what its source gives", (context) => {
  if (!existsSync(csvPath)) context.skip("the measured data, ../shared/data, is not here");
  const { catalog, findings } = azure2022(readFileSync(csvPath, "utf8"), gpus);
  expect(catalogText(catalog)).toBe(committed("azure-2022"));
  const counts = new Map<string, number>();
  for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual({
    "promo-skipped": 35,
    "unpriced-refused": 3,
    "fraction-corrected": 3,
  });
});

test("azure-2026-11.json is what its quotations give", () => {
  expect(catalogText(azure202611(gpus))).toBe(committed("azure-2026-11"));
});
