import { join } from "node:path";
import { loadFits } from "../../src/catalog/load-fits.ts";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import { vmTypeId } from "../../src/domain/ids.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import type { DurationFit, DurationModel, Direction, WorkFit } from "../../src/performance/fit.ts";
import type { FeatureCounts, WorkKind } from "../../src/performance/work-counts.ts";

const models = join(import.meta.dirname, "..", "..", "models");

/** The fits and data sheets that Berth ships. */
export const shippedFits = loadFits(join(models, "fits"));
export const shippedGpus = loadGpus(join(models, "gpus.json"));

/** A VM type with the fields that a prediction reads. */
export function vmType(fields: Partial<VmType> & Pick<VmType, "gpuType" | "gpuMemoryGib">): VmType {
  return {
    id: vmTypeId("test-vm"),
    gpuCount: 1,
    gpuShare: 1,
    vcpuCount: null,
    memoryGib: null,
    pricePerHourUsd: 1,
    region: "test",
    family: null,
    quotaNodes: null,
    ...fields,
  };
}

/** A fit whose coefficients are plain numbers: one work fit for each listed kind, direction and coefficients. */
export function handFit(
  work: readonly {
    readonly workKind: WorkKind;
    readonly direction: Direction;
    readonly coefficients: FeatureCounts;
    readonly model?: DurationModel;
    readonly measuredRange?: WorkFit["measuredRange"];
  }[],
): DurationFit {
  return {
    formatVersion: 1,
    gpu: "TestGpu",
    framework: "tensorflow",
    status: "measured",
    source: "made up",
    licence: "none",
    method: "by hand",
    work: work.map((entry) => ({
      model: "complexity+traffic",
      status: "measured",
      provenance: "by hand",
      rows: 1,
      measuredRange: {},
      error: null,
      residuals: { lower: 0.8, median: 1, upper: 1.5 },
      ...entry,
    })),
  };
}
