/**
 * The feasibility checker of allocations. It knows nothing of any formulation or solver; every plan passes it before it is used.
 * It mirrors formulation.md: each job at most once, GPU capacity per node, quota per VM type, node limit N, limits on what nodes count.
 */
import type { Allocation, AllocatedNode } from "./allocation.ts";
import { gpusInUse } from "./allocation.ts";
import type { JobId } from "./ids.ts";
import { exceededLimits, limitUsage } from "./node-limit.ts";
import type { PlanningJob, PlanningProblem } from "./planning-problem.ts";
import { findConfiguration } from "./planning-problem.ts";
import type { VmType } from "./vm-type.ts";
import { quotaWithin } from "./vm-type.ts";

/** One broken rule, in words that name the node, job or VM type. */
export interface Violation {
  readonly rule:
    | "unknown-vm-type"
    | "unknown-job"
    | "duplicate-node"
    | "empty-node"
    | "job-placed-twice"
    | "no-configuration"
    | "gpu-capacity"
    | "quota"
    | "node-limit"
    | "limit";
  readonly detail: string;
}

/** All rules that an allocation breaks; empty when it is feasible. */
export function checkAllocation(problem: PlanningProblem, allocation: Allocation): readonly Violation[] {
  const jobs = new Map(problem.jobs.map((job) => [job.id, job]));
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  return [
    ...allocation.nodes.flatMap((node) => checkNode(vmTypes.get(node.vmTypeId), jobs, node)),
    ...checkRepeats(allocation),
    ...checkCounts(problem, allocation),
  ];
}

function checkNode(
  vmType: VmType | undefined,
  jobs: ReadonlyMap<JobId, PlanningJob>,
  node: AllocatedNode,
): readonly Violation[] {
  if (vmType === undefined) {
    return [{ rule: "unknown-vm-type", detail: `${node.id} is of unknown VM type ${node.vmTypeId}` }];
  }
  const violations: Violation[] = [];
  if (node.parts.length === 0)
    violations.push({ rule: "empty-node", detail: `${node.id} is rented and runs nothing` });
  if (gpusInUse(node) > vmType.gpuCount) {
    violations.push({
      rule: "gpu-capacity",
      detail: `${node.id} gives ${gpusInUse(node)} GPUs, ${vmType.id} has ${vmType.gpuCount}`,
    });
  }
  for (const part of node.parts) {
    const job = jobs.get(part.jobId);
    if (job === undefined) {
      violations.push({ rule: "unknown-job", detail: `${node.id} runs unknown job ${part.jobId}` });
    } else if (findConfiguration(job, node.vmTypeId, part.gpus) === undefined) {
      violations.push({
        rule: "no-configuration",
        detail: `${part.jobId} has no duration on ${part.gpus} GPUs of ${node.vmTypeId}`,
      });
    }
  }
  return violations;
}

function checkRepeats(allocation: Allocation): readonly Violation[] {
  const violations: Violation[] = [];
  const nodes = new Set<string>();
  const jobs = new Set<string>();
  for (const node of allocation.nodes) {
    if (nodes.has(node.id)) violations.push({ rule: "duplicate-node", detail: `${node.id} is listed twice` });
    nodes.add(node.id);
    for (const part of node.parts) {
      if (jobs.has(part.jobId))
        violations.push({ rule: "job-placed-twice", detail: `${part.jobId} runs twice` });
      jobs.add(part.jobId);
    }
  }
  return violations;
}

function checkCounts(problem: PlanningProblem, allocation: Allocation): readonly Violation[] {
  const violations: Violation[] = [];
  if (allocation.nodes.length > problem.maxNodes) {
    violations.push({
      rule: "node-limit",
      detail: `${allocation.nodes.length} nodes are rented, at most ${problem.maxNodes} may be`,
    });
  }
  const counts = new Map<string, number>();
  for (const { vmTypeId } of allocation.nodes) counts.set(vmTypeId, (counts.get(vmTypeId) ?? 0) + 1);
  for (const vmType of problem.vmTypes) {
    const count = counts.get(vmType.id) ?? 0;
    if (count > quotaWithin(vmType, problem.maxNodes)) {
      violations.push({
        rule: "quota",
        detail: `${count} nodes of ${vmType.id}, at most ${quotaWithin(vmType, problem.maxNodes)} may be rented`,
      });
    }
  }
  for (const limit of exceededLimits(problem.nodeLimits, allocation.nodes)) {
    const used = limitUsage(limit, allocation.nodes);
    violations.push({
      rule: "limit",
      detail: `${used} ${limit.unit} count against ${limit.label} (${limit.id}), ${used - limit.limit} more than its ${limit.limit}`,
    });
  }
  return violations;
}
