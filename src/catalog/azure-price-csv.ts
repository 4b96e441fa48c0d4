import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import type { AzureVmShape } from "./azure-vm-shapes.ts";
import { azureVmShape } from "./azure-vm-shapes.ts";
import { PLAUSIBLE_GPU_PRICE_PER_HOUR_USD } from "./check-vm-catalog.ts";
import { InvalidInput } from "./input-problem.ts";

/** One usable row of a skypilot-catalog price file: what the file says, on the size's documented shape. */
export interface AzurePriceRow {
  /** Line in the file; the header is line 1. */
  readonly line: number;
  readonly shape: AzureVmShape;
  readonly vcpuCount: number;
  readonly memoryGib: number;
  readonly pricePerHourUsd: number;
  readonly region: string;
}

/** A row of a documented size that the file lists without a price. */
export interface AzureUnpricedRow {
  readonly line: number;
  readonly shape: AzureVmShape;
  readonly vcpuCount: number;
  readonly memoryGib: number;
  readonly region: string;
}

/** What was done with a row that is not as it should be. */
export interface AzureRowFinding {
  readonly kind:
    | "promo-skipped"
    | "unpriced-refused"
    | "price-refused"
    | "gpu-count-refused"
    | "gpu-type-refused"
    | "unknown-size-refused"
    | "number-refused"
    | "duplicate-refused"
    | "fraction-corrected";
  readonly line: number;
  readonly instanceType: string;
  /** Column of the file. */
  readonly field: string;
  readonly value: string;
  readonly message: string;
  readonly fix: string;
}

/** The usable rows in the file's order, the unpriced ones, and a finding for each row refused, skipped or corrected. */
export interface AzurePriceImport {
  readonly rows: readonly AzurePriceRow[];
  readonly unpriced: readonly AzureUnpricedRow[];
  readonly findings: readonly AzureRowFinding[];
}

const cell = z.string({ error: "the column is missing" });
const recordSchema = z.object({
  InstanceType: cell,
  AcceleratorName: cell,
  AcceleratorCount: cell,
  vCPUs: cell,
  MemoryGiB: cell,
  Price: cell,
  Region: cell,
});
type CsvRecord = z.output<typeof recordSchema>;
const fileSchema = z.array(z.object({ record: recordSchema, info: z.object({ lines: z.number() }) }));

/** skypilot-catalog's names of our GPU types where they differ; it does not tell the memory sizes of A100-40GB and H100 apart. */
const UPSTREAM_NAME: ReadonlyMap<string, string> = new Map([
  ["A100-40GB", "A100"],
  ["H100-80GB", "H100"],
  ["H100-94GB", "H100"],
  ["H200-141GB", "H200"],
]);

type Judged =
  | { readonly kind: "priced"; readonly row: AzurePriceRow; readonly findings: readonly AzureRowFinding[] }
  | {
      readonly kind: "unpriced";
      readonly row: AzureUnpricedRow;
      readonly findings: readonly AzureRowFinding[];
    }
  | { readonly kind: "left-out"; readonly findings: readonly AzureRowFinding[] };

/**
 * Reads skypilot-catalog's azure/vms.csv (prices of whole VMs, USD per hour, on demand). Rows that cannot be trusted are left out and
 * reported by line and column; only a file that is no such table at all throws InvalidInput.
 */
export function parseAzurePriceCsv(text: string, source: string): AzurePriceImport {
  const seen = new Map<string, number>();
  const rows: AzurePriceRow[] = [];
  const unpriced: AzureUnpricedRow[] = [];
  const findings: AzureRowFinding[] = [];
  for (const { record, info } of readRecords(text, source)) {
    // csv-parse counts the line break that ends a record, so info.lines is the record's own line.
    const judged = judge(record, info.lines, seen);
    findings.push(...judged.findings);
    if (judged.kind === "priced") rows.push(judged.row);
    if (judged.kind === "unpriced") unpriced.push(judged.row);
  }
  return { rows, unpriced, findings };
}

function readRecords(text: string, source: string): z.output<typeof fileSchema> {
  let parsed: unknown;
  try {
    parsed = parse(text, { columns: true, info: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InvalidInput(source, [
      {
        path: "",
        value: error.code,
        message: `it is not a CSV table (${error.message})`,
        fix: "Correct that line: each needs as many cells as the header, and quotes must close.",
      },
    ]);
  }
  const result = fileSchema.safeParse(parsed);
  if (result.success) return result.data;
  const missing = new Set(result.error.issues.map((issue) => String(issue.path.at(-1))));
  throw new InvalidInput(
    source,
    [...missing].map((column) => ({
      path: `/${column}`,
      value: undefined,
      message: `the column ${column} is missing`,
      fix: `Give the columns ${Object.keys(recordSchema.shape).join(", ")}.`,
    })),
  );
}

function judge(record: CsvRecord, line: number, seen: Map<string, number>): Judged {
  const found = (
    kind: AzureRowFinding["kind"],
    field: keyof CsvRecord,
    words: { readonly message: string; readonly fix: string },
  ): AzureRowFinding => ({
    kind,
    line,
    instanceType: record.InstanceType,
    field,
    value: record[field],
    ...words,
  });
  const leftOut = (finding: AzureRowFinding): Judged => ({ kind: "left-out", findings: [finding] });

  if (record.InstanceType.endsWith("_Promo")) {
    return leftOut(
      found("promo-skipped", "InstanceType", {
        message: "a Promo size is an expired discount on the size without _Promo, not a machine of its own",
        fix: "Nothing to do: the regular size is used.",
      }),
    );
  }
  const shape = azureVmShape(record.InstanceType);
  if (shape === undefined) {
    return leftOut(
      found("unknown-size-refused", "InstanceType", {
        message: "the size's documented GPU count is not known here, so the row cannot be checked",
        fix: "Add the size to azure-vm-shapes.ts with its documented shape.",
      }),
    );
  }
  const upstreamName = UPSTREAM_NAME.get(shape.gpuType) ?? shape.gpuType;
  if (record.AcceleratorName !== upstreamName) {
    return leftOut(
      found("gpu-type-refused", "AcceleratorName", {
        message: `${shape.id} is documented with ${shape.gpuType}`,
        fix: `Write ${upstreamName}.`,
      }),
    );
  }
  // A fraction of a GPU is written as the fraction, or, upstream since 2022, rounded up to 1.
  const listedGpus = Number(record.AcceleratorCount);
  const documentedGpus = shape.gpuCount * shape.gpuShare;
  const roundedUp = shape.gpuShare < 1 && listedGpus === shape.gpuCount;
  if (record.AcceleratorCount === "" || (Math.abs(listedGpus - documentedGpus) > 0.01 && !roundedUp)) {
    return leftOut(
      found("gpu-count-refused", "AcceleratorCount", {
        message: `${shape.id} is documented with ${documentedGpus} GPUs`,
        fix: `Write ${documentedGpus}; the price is the whole VM's and may be right.`,
      }),
    );
  }
  const key = JSON.stringify([record.InstanceType, record.Region]);
  const first = seen.get(key);
  if (first !== undefined) {
    return leftOut(
      found("duplicate-refused", "Region", {
        message: `${shape.id} in ${record.Region} is already on line ${first}`,
        fix: "Keep the right one of the two lines.",
      }),
    );
  }
  const vcpuCount = Number(record.vCPUs);
  const memoryGib = Number(record.MemoryGiB);
  if (!(Number.isInteger(vcpuCount) && vcpuCount > 0)) {
    return leftOut(
      found("number-refused", "vCPUs", { message: "not a count of vCPUs", fix: `Write ${shape.vcpuCount}.` }),
    );
  }
  if (!(Number.isFinite(memoryGib) && memoryGib > 0)) {
    return leftOut(
      found("number-refused", "MemoryGiB", {
        message: "not an amount of memory",
        fix: `Write ${shape.memoryGib}.`,
      }),
    );
  }
  seen.set(key, line);
  const row = { line, shape, vcpuCount, memoryGib, region: record.Region };
  if (record.Price === "") {
    const finding = found("unpriced-refused", "Price", {
      message: `${shape.id} has no price in ${record.Region}, and unknown is not free`,
      fix: "Supply the price in USD per hour, or leave the row out.",
    });
    return { kind: "unpriced", row, findings: [finding] };
  }
  const pricePerHourUsd = Number(record.Price);
  const perGpu = pricePerHourUsd / documentedGpus;
  const { least, most } = PLAUSIBLE_GPU_PRICE_PER_HOUR_USD;
  if (!(perGpu >= least && perGpu <= most)) {
    return leftOut(
      found("price-refused", "Price", {
        message: `no believable price: ${perGpu} USD per hour and GPU is outside ${least} to ${most}`,
        fix: "Give the price of the whole VM in USD per hour.",
      }),
    );
  }
  const corrected = found("fraction-corrected", "AcceleratorCount", {
    message: `listed as a whole ${shape.gpuType}; it is ${shape.gpuShare} of one`,
    fix: `Taken as gpuCount ${shape.gpuCount} with gpuShare ${shape.gpuShare}.`,
  });
  return { kind: "priced", row: { ...row, pricePerHourUsd }, findings: roundedUp ? [corrected] : [] };
}
