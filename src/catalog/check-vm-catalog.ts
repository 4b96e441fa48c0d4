import type { GpuSpec } from "../performance/gpu.ts";
import { azureVmShape } from "./azure-vm-shapes.ts";
import type { InputProblem } from "./input-problem.ts";
import { jsonPointer } from "./input-problem.ts";
import type { CatalogVmType, VmCatalog } from "./vm-catalog-schema.ts";

/**
 * GPU counts that nodes are built with: 1, 2, 4 and 8 fill PCIe roots and NVSwitch boards; 3 are in workstations, 5 to 7 in partly
 * filled or POWER9 servers, 10 in 4U PCIe servers and 16 in HGX-2 and AWS p2/GCP a2-megagpu. 12 is no node's count but upstream's
 * slip for the 8-GPU Standard_ND96isr_H100_v5.
 */
export const POSSIBLE_GPU_COUNTS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 16];

/** Bounds of a believable on-demand price of one whole GPU, USD per hour: in-house P600 cost 0.055, Azure's H100 12 to 16. */
export const PLAUSIBLE_GPU_PRICE_PER_HOUR_USD = { least: 0.01, most: 100 };

/** Memory of a slice may differ from its share of the GPU by this fraction, for rounding. */
const SLICE_MEMORY_TOLERANCE = 0.02;
const SHARE_TOLERANCE = 1e-3;

type Facts = Pick<CatalogVmType, "id" | "gpuType" | "gpuCount" | "gpuShare" | "gpuMemoryGib" | "source">;

/** Checks what a schema cannot: rows against each other, the GPU table and the documented VM sizes. Empty when all is well. */
export function vmCatalogProblems(catalog: VmCatalog, gpus: readonly GpuSpec[]): readonly InputProblem[] {
  const gpuByName = new Map(gpus.map((gpu) => [gpu.name, gpu]));
  return [
    ...catalog.vmTypes.flatMap((row, index) => [
      ...factProblems(row, ["vmTypes", index], gpuByName),
      ...sourceProblems(catalog, ["vmTypes", index, "source"], row),
      ...sourceProblems(catalog, ["vmTypes", index, "priceSource"], { id: row.id, source: row.priceSource }),
      ...priceProblems(row, index),
      ...familyProblems(row, index),
    ]),
    ...catalog.withoutPrice.flatMap((row, index) => [
      ...factProblems(row, ["withoutPrice", index], gpuByName),
      ...sourceProblems(catalog, ["withoutPrice", index, "source"], row),
    ]),
    ...duplicateProblems(catalog.vmTypes),
    ...retirementSourceProblems(catalog),
  ];
}

function factProblems(
  row: Facts,
  path: readonly PropertyKey[],
  gpuByName: ReadonlyMap<string, GpuSpec>,
): readonly InputProblem[] {
  return [...countProblems(row, path), ...shapeProblems(row, path), ...memoryProblems(row, path, gpuByName)];
}

function countProblems(row: Facts, path: readonly PropertyKey[]): readonly InputProblem[] {
  if (POSSIBLE_GPU_COUNTS.includes(row.gpuCount)) return [];
  return [
    problem([...path, "gpuCount"], row.gpuCount, {
      message: `no node is built with ${row.gpuCount} GPUs (row "${row.id}")`,
      fix: `Use the documented count; possible are ${POSSIBLE_GPU_COUNTS.join(", ")}.`,
    }),
  ];
}

function shapeProblems(row: Facts, path: readonly PropertyKey[]): readonly InputProblem[] {
  const shape = azureVmShape(row.id);
  if (shape === undefined) return [];
  const problems: InputProblem[] = [];
  const expect = (field: "gpuType" | "gpuCount" | "gpuShare", agrees: boolean): void => {
    if (agrees) return;
    problems.push(
      problem([...path, field], row[field], {
        message: `${row.id} is documented with ${field} ${shape[field]}`,
        fix: `Write ${shape[field]}, or another id if this is not Azure's size.`,
      }),
    );
  };
  expect("gpuType", row.gpuType === shape.gpuType);
  expect("gpuCount", row.gpuCount === shape.gpuCount);
  expect("gpuShare", Math.abs(row.gpuShare - shape.gpuShare) <= SHARE_TOLERANCE);
  return problems;
}

function familyProblems({ id, family }: CatalogVmType, index: number): readonly InputProblem[] {
  const documented = azureVmShape(id)?.family;
  if (family === undefined || documented === undefined || family === documented) return [];
  return [
    problem(["vmTypes", index, "family"], family, {
      message: `${id} is documented with family ${documented}`,
      fix: `Write ${documented}, leave it out, or use another id if this is not Azure's size.`,
    }),
  ];
}

function memoryProblems(
  row: Facts,
  path: readonly PropertyKey[],
  gpuByName: ReadonlyMap<string, GpuSpec>,
): readonly InputProblem[] {
  const gpu = gpuByName.get(row.gpuType);
  if (gpu === undefined) {
    return [
      problem([...path, "gpuType"], row.gpuType, {
        message: `the GPU type is not in the GPU table (row "${row.id}")`,
        fix: `Use one of ${[...gpuByName.keys()].join(", ")}, or add the GPU to models/gpus.json.`,
      }),
    ];
  }
  const expectedGib = gpu.memoryGib * row.gpuShare;
  if (Math.abs(row.gpuMemoryGib - expectedGib) <= SLICE_MEMORY_TOLERANCE * expectedGib) return [];
  return [
    problem([...path, "gpuMemoryGib"], row.gpuMemoryGib, {
      message: `a share of ${row.gpuShare} of a ${gpu.name} has ${expectedGib} GiB (row "${row.id}")`,
      fix: `Correct gpuMemoryGib or gpuShare: memory must be gpuShare × ${gpu.memoryGib} GiB.`,
    }),
  ];
}

function priceProblems(row: CatalogVmType, index: number): readonly InputProblem[] {
  const perGpu = row.pricePerHourUsd / (row.gpuCount * row.gpuShare);
  const { least, most } = PLAUSIBLE_GPU_PRICE_PER_HOUR_USD;
  if (perGpu >= least && perGpu <= most) return [];
  return [
    problem(["vmTypes", index, "pricePerHourUsd"], row.pricePerHourUsd, {
      message: `it makes ${perGpu} USD per hour and GPU, outside ${least} to ${most} (row "${row.id}")`,
      fix: "Give the price of the whole VM in USD per hour, not in cents, per month or per second.",
    }),
  ];
}

function sourceProblems(
  catalog: VmCatalog,
  path: readonly PropertyKey[],
  row: { readonly id: string; readonly source: string },
): readonly InputProblem[] {
  if (Object.hasOwn(catalog.sources, row.source)) return [];
  return [
    problem(path, row.source, {
      message: `it names no entry of /sources (row "${row.id}")`,
      fix: `Use one of ${Object.keys(catalog.sources).join(", ")}, or add the source.`,
    }),
  ];
}

function retirementSourceProblems(catalog: VmCatalog): readonly InputProblem[] {
  return catalog.vmTypes.flatMap((row, index) =>
    row.retirement === null
      ? []
      : sourceProblems(catalog, ["vmTypes", index, "retirement", "source"], {
          id: row.id,
          source: row.retirement.source,
        }),
  );
}

function duplicateProblems(rows: readonly CatalogVmType[]): readonly InputProblem[] {
  const firstIndex = new Map<string, number>();
  return rows.flatMap((row, index) => {
    const key = JSON.stringify([row.id, row.region]);
    const first = firstIndex.get(key);
    if (first === undefined) {
      firstIndex.set(key, index);
      return [];
    }
    return [
      problem(["vmTypes", index, "id"], row.id, {
        message: `"${row.id}" is listed twice in region ${row.region}, first at /vmTypes/${first}`,
        fix: "Remove one of the two rows, or correct its region.",
      }),
    ];
  });
}

function problem(
  path: readonly PropertyKey[],
  value: unknown,
  words: { readonly message: string; readonly fix: string },
): InputProblem {
  return { path: jsonPointer(path), value, message: words.message, fix: words.fix };
}
