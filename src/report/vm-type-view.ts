/** A VM type as JSON. */
import { z } from "zod";
import type { VmType } from "../domain/vm-type.ts";
import { gpusField, secondsField, usdField, vmTypeField } from "./view-fields.ts";

/** JSON form of a VM type. */
export const vmTypeViewSchema = z
  .strictObject({
    id: vmTypeField,
    gpuType: z.string().meta({ example: "K80" }),
    gpuCount: gpusField.meta({ description: "GPUs, or GPU slices, on one node." }),
    gpuShare: z
      .number()
      .gt(0)
      .max(1)
      .meta({ description: "Share of a physical GPU that each is.", example: 1 }),
    gpuMemoryGib: z.number().gt(0).meta({ description: "Memory of each GPU or slice.", example: 12 }),
    vcpuCount: z.int().min(1).nullable().meta({ description: "null where the catalogue does not say." }),
    memoryGib: z
      .number()
      .gt(0)
      .nullable()
      .meta({ description: "Main memory; null where the catalogue does not say." }),
    pricePerHourUsd: usdField.meta({ description: "On-demand price in USD per hour." }),
    region: z.string().meta({ example: "eastus" }),
    family: z.string().nullable().meta({
      description: "Family that the provider counts quotas by; null where the catalogue does not say.",
      example: "NC",
    }),
    quotaNodes: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: "Nodes of this type at once; null is unlimited." }),
    bootSeconds: secondsField.meta({
      description: "Seconds from the rent of a node until its jobs make progress; billed.",
    }),
    minimumBillingSeconds: secondsField.meta({
      description: "A node that is given back earlier is billed for this time all the same.",
    }),
  })
  .meta({ id: "VmType", description: "A kind of virtual machine that can be rented." });

export type VmTypeView = z.output<typeof vmTypeViewSchema>;

/** A VM type as JSON. */
export function vmTypeView(vmType: VmType): VmTypeView {
  const {
    id,
    gpuType,
    gpuCount,
    gpuShare,
    gpuMemoryGib,
    vcpuCount,
    memoryGib,
    pricePerHourUsd,
    region,
    family,
    quotaNodes,
    bootSeconds = 0,
    minimumBillingSeconds = 0,
  } = vmType;
  return {
    id,
    gpuType,
    gpuCount,
    gpuShare,
    gpuMemoryGib,
    vcpuCount,
    memoryGib,
    pricePerHourUsd,
    region,
    family,
    quotaNodes,
    bootSeconds,
    minimumBillingSeconds,
  };
}
