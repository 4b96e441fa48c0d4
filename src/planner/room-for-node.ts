/** What the rules ask before they rent a node: whether N, the quotas and the limits leave room for it. */
import { exceededLimits } from "../domain/node-limit.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { VmType } from "../domain/vm-type.ts";
import { quotaWithin } from "../domain/vm-type.ts";

/** Whether a node of a VM type may be rented beside nodes of the given types; N is not asked. */
export function hasQuotaBeside(
  problem: PlanningProblem,
  others: readonly { readonly vmType: VmType }[],
  vmType: VmType,
): boolean {
  const ofType = others.reduce((count, node) => count + (node.vmType === vmType ? 1 : 0), 0);
  if (ofType >= quotaWithin(vmType, problem.maxNodes)) return false;
  if (problem.nodeLimits.length === 0) return true;
  const nodes = [...others.map((node) => ({ vmTypeId: node.vmType.id })), { vmTypeId: vmType.id }];
  return exceededLimits(problem.nodeLimits, nodes).length === 0;
}
