/**
 * Writes instances/catalogs/azure-2022.json (from vm-catalog/azure-gpu-vms-2022.csv of the data folder) and azure-2026-11.json (from
 * the quotations in azure-2026-11.ts), and prints what was wrong in the CSV.
 *
 *   npx tsx tools/catalogs/write-catalogs.ts [--data ../shared/data] [--check]
 *
 * --check writes nothing and exits with 1 when a file differs from what would be written.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import { parseVmCatalog } from "../../src/catalog/load-vm-catalog.ts";
import type { VmCatalogJson } from "../../src/catalog/vm-catalog-schema.ts";
import { azure2022 } from "./azure-2022.ts";
import { azure202611 } from "./azure-2026-11.ts";
import { catalogText } from "../../src/catalog/vm-catalog-text.ts";

const repository = resolve(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data" },
    check: { type: "boolean", default: false },
  },
});

const gpus = loadGpus(resolve(repository, "models/gpus.json"));
const csvText = readFileSync(resolve(repository, values.data, "vm-catalog/azure-gpu-vms-2022.csv"), "utf8");
const { catalog: catalog2022, findings } = azure2022(csvText, gpus);

for (const finding of findings) {
  console.log(
    `line ${finding.line} ${finding.instanceType} ${finding.field}=${JSON.stringify(finding.value)} ${finding.kind}: ${finding.message}. ${finding.fix}`,
  );
}
for (const catalog of [catalog2022, azure202611(gpus)]) settle(catalog);

function settle(catalog: VmCatalogJson): void {
  const path = resolve(repository, "instances/catalogs", `${catalog.name}.json`);
  const text = catalogText(catalog);
  // A catalogue that its own loader would refuse must never be written.
  parseVmCatalog(JSON.parse(text), catalog.name, gpus);
  if (!values.check) {
    writeFileSync(path, text);
    console.log(`wrote instances/catalogs/${catalog.name}.json: ${catalog.vmTypes.length} rows`);
    return;
  }
  if (readFileSync(path, "utf8") === text) return;
  console.error(`instances/catalogs/${catalog.name}.json differs; run write-catalogs without --check`);
  process.exitCode = 1;
}
