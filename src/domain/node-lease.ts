import type { NodeId } from "./ids.ts";
import { compareIds } from "./ids.ts";
import type { VmType } from "./vm-type.ts";

/** The terms of one rented node; what they were when it was rented holds until it is given back. Times are seconds since the Unix epoch. */
export interface NodeLease {
  readonly nodeId: NodeId;
  readonly rentedAtSeconds: number;
  /** When it has booted: until then its jobs make no progress. */
  readonly readyAtSeconds: number;
  /** End of the minimum billing: until then its rent is due whether it is kept or not. */
  readonly paidUntilSeconds: number;
}

/** The lease of a node of a VM type that is rented at a time. */
export function leaseFrom(nodeId: NodeId, vmType: VmType, atSeconds: number): NodeLease {
  return {
    nodeId,
    rentedAtSeconds: atSeconds,
    readyAtSeconds: atSeconds + (vmType.bootSeconds ?? 0),
    paidUntilSeconds: atSeconds + (vmType.minimumBillingSeconds ?? 0),
  };
}

/** Leases sorted by node. */
export const sortedLeases = (leases: readonly NodeLease[]): readonly NodeLease[] =>
  [...leases].sort((a, b) => compareIds(a.nodeId, b.nodeId));
