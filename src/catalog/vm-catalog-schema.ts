import { z } from "zod";
import { vmTypeId } from "../domain/ids.ts";

/** A year, a month or a day, because some sources date their prices no better: "2022", "2024-08", "2026-11-09". */
const partialDate = z.string().regex(/^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/, {
  error: "a date is YYYY, YYYY-MM or YYYY-MM-DD",
});

const price = z
  .number({
    error: (issue) =>
      issue.input === undefined || issue.input === null
        ? "the price is missing, and a plan without prices would be wrong; list an unpriced type under withoutPrice"
        : "a price must be a finite number of USD per hour",
  })
  .positive({ error: "a price must be above 0: an unknown price is an error, never free" });

const gpuCount = z
  .number({ error: "the GPU count must be a whole number of at least 1" })
  .int({ error: "the GPU count must be a whole number: write a part of a GPU as gpuCount 1 and a gpuShare" })
  .min(1, { error: "the GPU count must be at least 1" });

/** When a VM type stopped, or will stop, being sold. */
const retirement = z.strictObject({ date: partialDate, source: z.string().min(1) }).nullable();

/** What a VM type is, apart from where it is sold and for how much. */
const facts = {
  id: z.string().min(1).transform(vmTypeId),
  gpuType: z.string().min(1),
  gpuCount,
  gpuShare: z.number().positive().max(1),
  gpuMemoryGib: z.number().positive(),
  vcpuCount: z.number().int().positive().nullable(),
  memoryGib: z.number().positive().nullable(),
};

/** One row: one VM type in one region. */
export const catalogVmTypeSchema = z.strictObject({
  ...facts,
  pricePerHourUsd: price,
  region: z.string().min(1),
  /** Family that the provider counts quotas by; left out for Azure's documented sizes, whose family is known. */
  family: z.string().min(1).optional(),
  quotaNodes: z.number().int().nonnegative().nullable(),
  priceDate: partialDate,
  priceSource: z.string().min(1),
  source: z.string().min(1),
  retirement,
});

/** A VM type that is known to exist but has no price that could be cited; a user may add one and move it to vmTypes. */
export const unpricedVmTypeSchema = z.strictObject({
  ...facts,
  region: z.string().min(1).nullable(),
  source: z.string().min(1),
  reason: z.string().min(1),
});

/** Where rows' facts and prices come from. */
export const catalogSourceSchema = z.strictObject({
  title: z.string().min(1),
  url: z.string().min(1).nullable(),
  note: z.string().min(1).optional(),
});

/** The form of a catalogue file; what needs the GPU table or several rows at once is in check-vm-catalog.ts. */
export const vmCatalogSchema = z.strictObject({
  name: z.string().min(1),
  about: z.string().min(1),
  sources: z.record(z.string().min(1), catalogSourceSchema),
  vmTypes: z.array(catalogVmTypeSchema).min(1),
  withoutPrice: z.array(unpricedVmTypeSchema),
});

/** A catalogue as parsed: rows for several regions, `source` and `priceSource` being keys of `sources`. */
export type VmCatalog = Readonly<z.output<typeof vmCatalogSchema>>;
/** A catalogue as written in JSON. */
export type VmCatalogJson = Readonly<z.input<typeof vmCatalogSchema>>;
/** A priced row; it is a domain VmType with its provenance. */
export type CatalogVmType = Readonly<z.output<typeof catalogVmTypeSchema>>;
