/** A duration table as JSON: for `POST /v1/estimates`, for one job, and for the command line's `--json`. */
import { z } from "zod";
import { rentUsd } from "../domain/cost.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import { FRAMEWORKS, iterations } from "../domain/job.ts";
import type { Workload } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import { gpusField, secondsField, usdField, vmTypeField, warningsField } from "./view-fields.ts";

const durationSchema = z
  .strictObject({
    vmType: vmTypeField,
    gpuType: z.string().meta({ example: "K80" }),
    gpus: gpusField,
    durationSeconds: secondsField.meta({
      description: "Predicted median of the whole job, or the user's own figure.",
    }),
    lowerSeconds: secondsField.meta({ description: "Lower end of the prediction's interval." }),
    upperSeconds: secondsField.meta({ description: "Upper end of the prediction's interval." }),
    aloneRentUsd: usdField.meta({ description: "Rent of the whole node for that duration." }),
    source: z.enum(["user", "measured", "scaled"]).meta({
      description:
        "user: the user's own measurement; measured: a fit on that GPU; scaled: a fit on another GPU, scaled.",
    }),
    warnings: warningsField,
  })
  .meta({ id: "Duration", description: "How long the job takes in one configuration." });

const missingDurationSchema = z
  .strictObject({
    vmType: vmTypeField,
    gpus: gpusField,
    reason: z.string().meta({ example: "needs 13.9 GiB on each GPU for 64 samples, M60 has 8 GiB" }),
  })
  .meta({ id: "MissingDuration", description: "A configuration that cannot run or has no model, and why." });

/** JSON form of a duration table. */
export const durationTableSchema = z
  .strictObject({ durations: z.array(durationSchema), missing: z.array(missingDurationSchema) })
  .meta({
    id: "DurationTable",
    description: "Predicted durations over the catalogue; what is missing says why.",
  });

/** JSON form of a workload with its duration table. */
export const estimateViewSchema = z
  .strictObject({
    network: z.string().meta({ example: "resnet50" }),
    framework: z.enum(FRAMEWORKS),
    batchSize: z.int().min(1).meta({ example: 64 }),
    samples: z.int().min(1).meta({ example: 130000 }),
    epochs: z.int().min(1).meta({ example: 3 }),
    iterations: z.number().min(1).meta({ description: "epochs · ⌈samples / batchSize⌉", example: 6096 }),
    ...durationTableSchema.shape,
  })
  .meta({ id: "Estimate", description: "How long a workload takes on every VM type of the catalogue." });

export type DurationTableView = z.output<typeof durationTableSchema>;
export type EstimateView = z.output<typeof estimateViewSchema>;

/** A duration table as JSON, in the table's order; throws when it names a VM type that is not given. */
export function durationTableView(table: DurationTable, vmTypes: readonly VmType[]): DurationTableView {
  const byId = new Map(vmTypes.map((vmType) => [vmType.id, vmType]));
  return {
    durations: table.entries.map((entry) => {
      const vmType = byId.get(entry.vmTypeId);
      if (vmType === undefined) throw new Error(`Duration on unknown VM type ${entry.vmTypeId}`);
      return {
        vmType: entry.vmTypeId,
        gpuType: vmType.gpuType,
        gpus: entry.gpus,
        durationSeconds: entry.durationSeconds,
        lowerSeconds: entry.lowerSeconds,
        upperSeconds: entry.upperSeconds,
        aloneRentUsd: rentUsd({
          pricePerHourUsd: vmType.pricePerHourUsd,
          durationSeconds: entry.durationSeconds,
        }),
        source: entry.source,
        warnings: [...entry.warnings],
      };
    }),
    missing: table.missing.map(({ vmTypeId, gpus, reason }) => ({ vmType: vmTypeId, gpus, reason })),
  };
}

/** A workload and its duration table as JSON. */
export function estimateView(
  workload: Workload,
  table: DurationTable,
  vmTypes: readonly VmType[],
): EstimateView {
  return {
    network: workload.networkName,
    framework: workload.framework,
    batchSize: workload.batchSize,
    samples: workload.samples,
    epochs: workload.epochs,
    iterations: iterations(workload),
    ...durationTableView(table, vmTypes),
  };
}
