/** Random planning problems for property tests; the arbitrary prints its seed when a property fails. */
import * as fc from "fast-check";
import type { AllocatedNode, Allocation } from "../../src/domain/allocation.ts";
import { EMPTY_ALLOCATION, gpusInUse } from "../../src/domain/allocation.ts";
import { jobId, nodeId, vmTypeId } from "../../src/domain/ids.ts";
import type { LimitUnit, NodeLimit } from "../../src/domain/node-limit.ts";
import { LIMIT_UNITS, exceededLimits, unitsOfNode } from "../../src/domain/node-limit.ts";
import type { PlanningProblem } from "../../src/domain/planning-problem.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import { quotaWithin } from "../../src/domain/vm-type.ts";

/** Limits of the problems drawn. */
export interface ProblemSize {
  readonly maxJobs: number;
  readonly maxNodes: number;
  readonly maxVmTypes: number;
  /** GPU counts that a VM type may have. */
  readonly gpuCounts: readonly number[];
  /** Limits on what nodes count, beyond N and quotas: at least one and at most so many; none if left out. */
  readonly maxLimits?: number;
}

/** A VM type for tests: only what a decision looks at matters. */
export function testVmType(
  id: string,
  args: {
    readonly gpuCount: number;
    readonly pricePerHourUsd: number;
    readonly quotaNodes?: number | null;
    readonly gpuType?: string;
    readonly vcpuCount?: number;
    readonly family?: string;
  },
): VmType {
  return {
    id: vmTypeId(id),
    gpuType: args.gpuType ?? `GPU-${id}`,
    gpuCount: args.gpuCount,
    gpuShare: 1,
    gpuMemoryGib: 16,
    vcpuCount: args.vcpuCount ?? null,
    memoryGib: null,
    pricePerHourUsd: args.pricePerHourUsd,
    region: "test",
    family: args.family ?? null,
    quotaNodes: args.quotaNodes ?? null,
  };
}

/**
 * Problems with up to the given numbers; durations do not always fall with more GPUs, some configurations are missing, some VM types share
 * a GPU type, some jobs are twins, half of the problems are urgent enough for everybody to want GPUs, and some jobs run already.
 */
export function planningProblem(size: ProblemSize): fc.Arbitrary<PlanningProblem> {
  const { maxLimits = 0 } = size;
  // Limits have something to bind only where VM types, nodes and jobs are several.
  const least = (most: number): number => (maxLimits > 0 ? Math.ceil(most / 2) : 0);
  return fc
    .record({
      vmTypes: fc.array(
        fc.record({
          gpuCount: fc.constantFrom(...size.gpuCounts),
          price: fc.integer({ min: 5, max: 400 }),
          quota: fc.option(fc.integer({ min: 0, max: size.maxNodes }), { freq: 4, nil: null }),
          gpuType: fc.constantFrom("K80", "V100"),
        }),
        { minLength: Math.max(1, least(size.maxVmTypes)), maxLength: size.maxVmTypes },
      ),
      maxNodes: fc.integer({ min: least(size.maxNodes), max: size.maxNodes }),
      urgent: fc.boolean(),
      jobs: fc.array(
        fc.record({
          speeds: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 32, maxLength: 32 }),
          present: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 32, maxLength: 32 }),
          dueInSeconds: fc.integer({ min: -2000, max: 40_000 }),
          weight: fc.integer({ min: 0, max: 15 }),
          twin: fc.boolean(),
          // Where the job runs now: a position in the list of its configurations; beyond its end, the job waits.
          running: fc.nat({ max: 12 }),
        }),
        { minLength: Math.max(1, least(size.maxJobs)), maxLength: size.maxJobs },
      ),
      limits: fc.array(drawnLimit, { minLength: Math.min(1, maxLimits), maxLength: maxLimits }),
    })
    .map(({ vmTypes, maxNodes, urgent, jobs, limits }) => {
      const types = vmTypes.map((drawn, index) =>
        testVmType(`v${index}`, {
          gpuCount: drawn.gpuCount,
          pricePerHourUsd: drawn.price / 100,
          quotaNodes: drawn.quota,
          gpuType: drawn.gpuType,
        }),
      );
      // A twin repeats its predecessor, so that classes of identical jobs occur.
      const drawnJobs = jobs.map((job, index) => (job.twin && index > 0 ? (jobs[index - 1] ?? job) : job));
      const problem: PlanningProblem = {
        revision: 1,
        nowSeconds: 1_000_000,
        replanIntervalSeconds: 3600,
        maxNodes,
        nodeLimits: limits.map((drawn, index) => nodeLimitOf(`limit${index}`, types, drawn)),
        vmTypes: types,
        jobs: drawnJobs.map((drawn, index) => ({
          id: jobId(`j${index}`),
          dueAtSeconds: 1_000_000 + (urgent ? drawn.dueInSeconds / 20 : drawn.dueInSeconds),
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
      const current = someAllocation(
        problem,
        jobs.map(({ running }) => running),
      );
      return { ...problem, current, nextNodeNumber: current.nodes.length + 1 };
    });
}

/** A limit as drawn: what it counts, which VM types are exempt, and how many mean nodes it leaves room for. */
const drawnLimit = fc.record({
  unit: fc.constantFrom(...LIMIT_UNITS),
  exempt: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 8, maxLength: 8 }),
  // In tenths: doubles are drawn by their bits, so that most of them would be next to 0.
  meanNodesTenths: fc.integer({ min: 3, max: 25 }),
});

/** vCPUs are made up: 6 for each GPU, and 4 for the node. */
function nodeLimitOf(
  id: string,
  types: readonly VmType[],
  drawn: { readonly unit: LimitUnit; readonly exempt: readonly number[]; readonly meanNodesTenths: number },
): NodeLimit {
  const counted = types.filter((_, index) => drawn.exempt[index % drawn.exempt.length] !== 0);
  const weights = counted.map(
    (vmType) =>
      [vmType.id, unitsOfNode({ ...vmType, vcpuCount: 6 * vmType.gpuCount + 4 }, drawn.unit) ?? 0] as const,
  );
  const mean = weights.reduce((total, [, weight]) => total + weight, 0) / Math.max(1, weights.length);
  const limit = Math.round(10 * drawn.meanNodesTenths * mean) / 100;
  return { id, label: `test limit ${id}`, weights: Object.fromEntries(weights), limit, unit: drawn.unit };
}

/** A feasible allocation: each job in the drawn configuration on the first node with room, else on a new one, else waiting. */
function someAllocation(problem: PlanningProblem, drawn: readonly number[]): Allocation {
  const nodes: AllocatedNode[] = [];
  problem.jobs.forEach((job, index) => {
    const configuration = job.configurations[drawn[index] ?? 0];
    const vmType = problem.vmTypes.find((candidate) => candidate.id === configuration?.vmTypeId);
    if (configuration === undefined || vmType === undefined) return;
    const part = { jobId: job.id, gpus: configuration.gpus };
    const own = nodes.filter((node) => node.vmTypeId === vmType.id);
    const open = own.find((node) => gpusInUse(node) + part.gpus <= vmType.gpuCount);
    if (open !== undefined) nodes[nodes.indexOf(open)] = { ...open, parts: [...open.parts, part] };
    else if (nodes.length < problem.maxNodes && own.length < quotaWithin(vmType, problem.maxNodes)) {
      const node = { id: nodeId(`node-${nodes.length + 1}`), vmTypeId: vmType.id, parts: [part] };
      if (exceededLimits(problem.nodeLimits, [...nodes, node]).length === 0) nodes.push(node);
    }
  });
  return { nodes };
}
