import { describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { vmTypeId } from "../../src/domain/ids.ts";
import type { DurationTable } from "../../src/domain/duration-table.ts";
import type { Workload } from "../../src/domain/job.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import {
  estimateIteration,
  measuredDurations,
  predictDurations,
} from "../../src/performance/duration-table.ts";
import { shippedFits, shippedGpus, vmType } from "./fit-fixture.ts";

const networks = loadNetworks();

function request(
  workload: Partial<Workload> & Pick<Workload, "networkName">,
): Parameters<typeof estimateIteration>[0] {
  const network = networks.get(workload.networkName);
  if (network === undefined) throw new Error(`${workload.networkName} is missing.`);
  return {
    network,
    workload: { framework: "tensorflow", batchSize: 32, samples: 130_000, epochs: 3, ...workload },
    fits: shippedFits,
    gpus: shippedGpus,
  };
}

function tableOf(
  workload: Partial<Workload> & Pick<Workload, "networkName">,
  vmTypes: readonly VmType[],
): DurationTable {
  return predictDurations({ ...request(workload), vmTypes });
}

describe("predictDurations", () => {
  it("has an entry or a reason for every VM type and GPU count", () => {
    const vmTypes = [
      vmType({ id: vmTypeId("nc24"), gpuType: "K80", gpuCount: 4, gpuMemoryGib: 12 }),
      vmType({ id: vmTypeId("p600"), gpuType: "P600", gpuCount: 2, gpuMemoryGib: 2 }),
    ];
    const table = tableOf({ networkName: "vgg19" }, vmTypes);
    expect(table.entries.map(({ vmTypeId: id, gpus }) => `${id} ${gpus}`)).toEqual([
      "nc24 1",
      "nc24 2",
      "nc24 3",
      "nc24 4",
    ]);
    expect(table.missing.map(({ gpus, reason }) => `${gpus}: ${reason}`)).toEqual([
      "1: needs 4.8 GiB on each GPU for 32 samples, P600 has 2 GiB (activations 2.0, weights and gradients 1.1, momentum 0.5, workspace and reserve 1.3)",
      "2: needs 3.5 GiB on each GPU for 16 samples, P600 has 2 GiB (activations 1.0, weights and gradients 1.1, momentum 0.5, workspace and reserve 0.9)",
    ]);
  });

  it("is iterations times one iteration, with an interval around it", () => {
    const vm = vmType({ gpuType: "P100", gpuMemoryGib: 16 });
    const [entry] = tableOf({ networkName: "resnet50" }, [vm]).entries;
    const outcome = estimateIteration(request({ networkName: "resnet50" }), vm, 1);
    if (outcome.kind === "missing" || entry === undefined) throw new Error("ResNet-50 does run on a P100.");
    expect(entry.durationSeconds).toBeCloseTo(3 * Math.ceil(130_000 / 32) * outcome.iteration.seconds, 6);
    expect(entry.lowerSeconds).toBeLessThan(entry.durationSeconds);
    expect(entry.upperSeconds).toBeGreaterThan(entry.durationSeconds);
    expect(entry.source).toBe("measured");
  });

  it("marks a scaled GPU and warns", () => {
    const [entry] = tableOf({ networkName: "resnet50" }, [
      vmType({ gpuType: "T4", gpuMemoryGib: 16 }),
    ]).entries;
    expect(entry?.source).toBe("scaled");
    expect(entry?.warnings.join()).toContain("T4 was not measured");
  });

  it("does not assume that more GPUs are faster: a small batch of a large network is slower on four", () => {
    const vm = vmType({ gpuType: "V100", gpuCount: 4, gpuMemoryGib: 16 });
    const seconds = tableOf({ networkName: "alexnet", batchSize: 4 }, [vm]).entries.map(
      (entry) => entry.durationSeconds,
    );
    expect(seconds[3]).toBeGreaterThan(seconds[0] ?? Infinity);
  });

  it("has no entry for more GPUs than samples", () => {
    const vm = vmType({ gpuType: "V100", gpuCount: 4, gpuMemoryGib: 16 });
    const table = tableOf({ networkName: "alexnet", batchSize: 2 }, [vm]);
    expect(table.entries.map((entry) => entry.gpus)).toEqual([1, 2]);
    expect(table.missing.map((entry) => entry.reason)).toEqual([
      "a batch of 2 samples cannot be split over 3 GPUs",
      "a batch of 2 samples cannot be split over 4 GPUs",
    ]);
  });

  it("says which data sheet is missing instead of assuming one", () => {
    const [entry] = tableOf({ networkName: "alexnet" }, [
      vmType({ gpuType: "B999", gpuMemoryGib: 99 }),
    ]).missing;
    expect(entry?.reason).toContain("no fit for GPU B999");
  });

  it("is quick over a whole catalogue: equal configurations are evaluated once", () => {
    const vmTypes = Array.from({ length: 500 }, (_, index) =>
      vmType({ id: vmTypeId(`vm-${index}`), gpuType: "V100", gpuCount: 8, gpuMemoryGib: 32 }),
    );
    const table = tableOf({ networkName: "resnet152" }, vmTypes);
    expect(table.entries).toHaveLength(4000);
    const [first, ...rest] = table.entries.filter((entry) => entry.gpus === 8);
    expect(new Set(rest.map((entry) => entry.durationSeconds))).toEqual(new Set([first?.durationSeconds]));
  });
});

describe("measuredDurations", () => {
  const vm = vmType({ gpuType: "P600", gpuCount: 2, gpuMemoryGib: 2 });
  const table = tableOf({ networkName: "vgg19" }, [vm]);

  it("puts a user's seconds in place of predictions and of missing entries", () => {
    const own = measuredDurations(table, [{ vmTypeId: vm.id, gpus: 2, secondsPerEpoch: 100 }], 3);
    expect(own.entries).toEqual([
      {
        vmTypeId: vm.id,
        gpus: 2,
        durationSeconds: 300,
        lowerSeconds: 300,
        upperSeconds: 300,
        source: "user",
        warnings: [],
      },
    ]);
    expect(own.missing.map((entry) => entry.gpus)).toEqual([1]);
  });

  it("refuses seconds that are not above zero", () => {
    expect(() => measuredDurations(table, [{ vmTypeId: vm.id, gpus: 1, secondsPerEpoch: 0 }], 3)).toThrow(
      /secondsPerEpoch/,
    );
  });
});
