/** Random planning problems for property tests; the arbitrary prints its seed when a property fails. */
import * as fc from "fast-check";
import { EMPTY_ALLOCATION } from "../../src/domain/allocation.ts";
import { jobId, vmTypeId } from "../../src/domain/ids.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { VmType } from "../../src/domain/vm-type.ts";

/** Limits of the problems drawn. */
export interface ProblemSize {
  readonly maxJobs: number;
  readonly maxNodes: number;
  readonly maxVmTypes: number;
  /** GPU counts that a VM type may have. */
  readonly gpuCounts: readonly number[];
}

/** A VM type for tests: only what a decision looks at matters. */
export function testVmType(
  id: string,
  args: { readonly gpuCount: number; readonly pricePerHourUsd: number; readonly quotaNodes?: number | null },
): VmType {
  return {
    id: vmTypeId(id),
    gpuType: `GPU-${id}`,
    gpuCount: args.gpuCount,
    gpuShare: 1,
    gpuMemoryGib: 16,
    vcpuCount: null,
    memoryGib: null,
    pricePerHourUsd: args.pricePerHourUsd,
    region: "test",
    quotaNodes: args.quotaNodes ?? null,
  };
}

/** Problems with up to the given numbers; durations do not always fall with more GPUs, some configurations are missing. */
export function planningProblem(size: ProblemSize): fc.Arbitrary<PlanningProblem> {
  return fc
    .record({
      vmTypes: fc.array(
        fc.record({
          gpuCount: fc.constantFrom(...size.gpuCounts),
          price: fc.integer({ min: 5, max: 400 }),
          quota: fc.option(fc.integer({ min: 0, max: size.maxNodes }), { freq: 4, nil: null }),
        }),
        { minLength: 1, maxLength: size.maxVmTypes },
      ),
      maxNodes: fc.integer({ min: 0, max: size.maxNodes }),
      jobs: fc.array(
        fc.record({
          speeds: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 32, maxLength: 32 }),
          present: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 32, maxLength: 32 }),
          dueInSeconds: fc.integer({ min: -2000, max: 40_000 }),
          weight: fc.integer({ min: 0, max: 15 }),
          twin: fc.boolean(),
        }),
        { minLength: 1, maxLength: size.maxJobs },
      ),
    })
    .map(({ vmTypes, maxNodes, jobs }) => {
      const types = vmTypes.map((drawn, index) =>
        testVmType(`v${index}`, {
          gpuCount: drawn.gpuCount,
          pricePerHourUsd: drawn.price / 100,
          quotaNodes: drawn.quota,
        }),
      );
      // A twin repeats its predecessor, so that classes of identical jobs occur.
      const drawnJobs = jobs.map((job, index) => (job.twin && index > 0 ? (jobs[index - 1] ?? job) : job));
      return {
        revision: 1,
        nowSeconds: 1_000_000,
        replanIntervalSeconds: 3600,
        maxNodes,
        vmTypes: types,
        jobs: drawnJobs.map((drawn, index) => ({
          id: jobId(`j${index}`),
          dueAtSeconds: 1_000_000 + drawn.dueInSeconds,
          tardinessCostPerSecondUsd: drawn.weight / 1000,
          configurations: types.flatMap((vmType, typeIndex) =>
            Array.from({ length: vmType.gpuCount }, (_, g) => g + 1)
              .filter((gpus) => gpus === 1 || drawn.present[(typeIndex * 8 + gpus) % 32] !== 0)
              .map((gpus) => ({
                vmTypeId: vmType.id,
                gpus,
                durationSeconds: 100 * (drawn.speeds[(typeIndex * 8 + gpus) % 32] ?? 1),
              })),
          ),
        })),
        current: EMPTY_ALLOCATION,
        nextNodeNumber: 1,
      };
    });
}
