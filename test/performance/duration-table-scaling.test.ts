import { describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import type { Workload } from "../../src/domain/job.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import {
  estimateIteration,
  predictDurations,
  type DurationTableRequest,
  type IterationEstimate,
} from "../../src/performance/duration-table.ts";
import { shippedFits, shippedGpus, vmType } from "./fit-fixture.ts";

const networks = loadNetworks();
const k80 = vmType({ gpuType: "K80", gpuCount: 8, gpuMemoryGib: 12, vcpuCount: 32 });

function iteration(
  workload: Partial<Workload> & Pick<Workload, "networkName">,
  vm: VmType,
  gpus: number,
  options: Pick<DurationTableRequest, "inputPipeline"> = {},
): IterationEstimate {
  const network = networks.get(workload.networkName);
  if (network === undefined) throw new Error(`${workload.networkName} is missing.`);
  const outcome = estimateIteration(
    {
      network,
      workload: { framework: "tensorflow", batchSize: 64, samples: 1000, epochs: 1, ...workload },
      fits: shippedFits,
      gpus: shippedGpus,
      ...options,
    },
    vm,
    gpus,
  );
  if (outcome.kind === "missing") throw new Error(outcome.reason);
  return outcome.iteration;
}

describe("scaling over GPUs in a prediction", () => {
  it("says where it comes from, on more than one GPU", () => {
    expect(iteration({ networkName: "resnet50" }, k80, 1).scalingOrigin).toBeNull();
    expect(iteration({ networkName: "resnet50" }, k80, 4).scalingOrigin).toBe(
      "tensorflow on K80 (tensorflow/docs 62da04c, performance/benchmarks (2017)), ring of P100",
    );
  });

  it("is in the duration table too, for entries of several GPUs", () => {
    const network = networks.get("resnet50");
    if (network === undefined) throw new Error("resnet50 is missing.");
    const { entries } = predictDurations({
      network,
      workload: { networkName: "resnet50", framework: "tensorflow", batchSize: 64, samples: 1000, epochs: 1 },
      fits: shippedFits,
      gpus: shippedGpus,
      vmTypes: [k80],
    });
    expect(entries.map(({ scalingOrigin }) => scalingOrigin?.startsWith("tensorflow on K80"))).toEqual([
      undefined,
      ...Array.from({ length: 7 }, () => true),
    ]);
  });

  it("does not warn on the GPU and framework that were measured, and warns elsewhere", () => {
    const warned = (estimate: IterationEstimate): boolean =>
      estimate.warnings.some((warning) => warning.includes("scaling over GPUs was measured for"));
    expect(warned(iteration({ networkName: "resnet50" }, k80, 4))).toBe(false);
    const v100 = vmType({ gpuType: "V100", gpuCount: 4, gpuMemoryGib: 16 });
    expect(warned(iteration({ networkName: "resnet50" }, v100, 4))).toBe(true);
    expect(warned(iteration({ networkName: "resnet50" }, v100, 1))).toBe(false);
  });

  it("adds to the time of one GPU, and more of it to a network with larger gradients", () => {
    const small = iteration({ networkName: "resnet50" }, k80, 4);
    const large = iteration({ networkName: "vgg16" }, k80, 4);
    expect(small.seconds).toBeCloseTo(small.compute.total.seconds + small.addedSeconds, 12);
    expect(small.addedSeconds).toBeGreaterThan(small.allReduceSeconds);
    expect(large.allReduceSeconds).toBeGreaterThan(small.allReduceSeconds);
    expect(small.lowerSeconds).toBeLessThan(small.seconds);
    expect(small.upperSeconds).toBeGreaterThan(small.seconds);
  });

  it("is wider where it is carried over to another GPU", () => {
    const t4 = vmType({ gpuType: "T4", gpuCount: 4, gpuMemoryGib: 16 });
    const own = iteration({ networkName: "resnet50", framework: "pytorch" }, t4, 4);
    const other = iteration({ networkName: "resnet50", framework: "tensorflow" }, t4, 4);
    const widthOf = ({ upperSeconds, compute, seconds }: IterationEstimate): number =>
      upperSeconds / seconds / (compute.total.upperSeconds / compute.total.seconds);
    expect(widthOf(own)).toBeGreaterThan(1);
    expect(other.warnings.join()).toContain("was measured for tensorflow on K80");
  });

  it("finds a small batch of a network with large gradients slower on eight GPUs than on two", () => {
    const seconds = (gpus: number): number =>
      iteration({ networkName: "alexnet", batchSize: 8 }, k80, gpus).seconds;
    expect(seconds(8)).toBeGreaterThan(seconds(2));
  });

  it("counts the input that a user describes, and says that it binds", () => {
    const slow = iteration({ networkName: "alexnet", batchSize: 512 }, k80, 8, {
      inputPipeline: { samplesPerSecondPerVcpu: 2 },
    });
    expect(slow.bound).toBe("cpu");
    expect(slow.seconds).toBeCloseTo(512 / 64, 12);
    expect(slow.warnings.join()).toContain("input binds");
    expect(iteration({ networkName: "alexnet", batchSize: 512 }, k80, 8).bound).toBe("gpu");
  });

  it("warns of an image job that needs more than any vCPU was seen to deliver", () => {
    const few = vmType({ gpuType: "V100", gpuCount: 8, gpuMemoryGib: 32, vcpuCount: 2 });
    const warnings = iteration({ networkName: "alexnet", batchSize: 2048 }, few, 8).warnings.join();
    expect(warnings).toContain("input may bind");
  });
});
