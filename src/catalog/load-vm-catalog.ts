import type { GpuSpec } from "../performance/gpu.ts";
import { vmCatalogProblems } from "./check-vm-catalog.ts";
import { InvalidInput } from "./input-problem.ts";
import { parseInput, readJsonFile } from "./parse-json-file.ts";
import { vmCatalogSchema } from "./vm-catalog-schema.ts";
import type { VmCatalog } from "./vm-catalog-schema.ts";

/** Checks a catalogue given as data; throws InvalidInput naming the source, and each problem's row, field, value and fix. */
export function parseVmCatalog(input: unknown, source: string, gpus: readonly GpuSpec[]): VmCatalog {
  const catalog = parseInput(vmCatalogSchema, input, source);
  const problems = vmCatalogProblems(catalog, gpus);
  if (problems.length > 0) throw new InvalidInput(source, problems);
  return catalog;
}

/** Loads a catalogue of instances/catalogs, checked against the GPU table; throws InvalidInput naming the file. */
export function loadVmCatalog(path: string, gpus: readonly GpuSpec[]): VmCatalog {
  return parseVmCatalog(readJsonFile(path), path, gpus);
}
