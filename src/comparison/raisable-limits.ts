/**
 * Limits of which one more can be had: N, each quota that is below N, and each limit on what nodes count (domain/node-limit.ts), of which the hourly budget is one. A
 * limit is named, and raises itself in whatever holds limits: the settings of a cluster or a planning problem. A further kind of limit is one more function that
 * lists its own.
 */
import type { VmTypeId } from "../domain/ids.ts";
import type { LimitUnit, NodeLimit } from "../domain/node-limit.ts";
import { limitWeight, mostWithin } from "../domain/node-limit.ts";
import type { VmType } from "../domain/vm-type.ts";

/** What holds limits. */
export interface Limits {
  readonly vmTypes: readonly VmType[];
  readonly maxNodes: number;
  readonly nodeLimits: readonly NodeLimit[];
}

/** Kinds of limits. */
export const LIMIT_KINDS = ["nodes", "quota", "node-limit"] as const;

/** One limit and how to have one more of it. */
export interface RaisableLimit {
  readonly kind: (typeof LIMIT_KINDS)[number];
  /** "max-nodes", "quota-nodes VMTYPE", or the id of a NodeLimit, as in formulation/limit-prices.ts. */
  readonly limitId: string;
  /** Of a quota of one VM type; null otherwise. */
  readonly vmTypeId: VmTypeId | null;
  /** What one more is, in words. */
  readonly words: string;
  readonly amount: number;
  /** What the amount is in. */
  readonly amountUnit: LimitUnit;
  /** What one node of a VM type takes of it. */
  readonly weightOf: (vmTypeId: VmTypeId) => number;
  /** What a node of those that count, and could be rented with one more, takes at the least and at the most. */
  readonly perNode: { readonly least: number; readonly most: number };
  readonly raise: <Held extends Limits>(held: Held) => Held;
}

/** The limits of a cluster that can be raised, N first; one under which no VM type can be rented is none of them, since no job was given durations there. */
export function raisableLimits({ vmTypes, maxNodes, nodeLimits }: Limits): readonly RaisableLimit[] {
  return [
    numberOfNodes(maxNodes),
    ...vmTypes.flatMap((vmType) => quota(vmType, maxNodes)),
    ...nodeLimits.flatMap((limit) => nodeLimit(limit, vmTypes)),
  ];
}

/** How much of a limit nodes use. */
export const usedOf = (
  { weightOf }: RaisableLimit,
  nodes: readonly { readonly vmTypeId: VmTypeId }[],
): number => nodes.reduce((total, { vmTypeId }) => total + weightOf(vmTypeId), 0);

/** Whether what is left of a limit is too little for one more node of any VM type that counts. */
export const isUsedUp = ({ amount, perNode }: RaisableLimit, used: number): boolean =>
  used + perNode.least > mostWithin({ limit: amount });

/** Whether one more node of some VM type that counts finds no room. */
export const mayBind = ({ amount, perNode }: RaisableLimit, used: number): boolean =>
  used + perNode.most > mostWithin({ limit: amount });

/** A node is a node. */
const EACH_NODE = { least: 1, most: 1 };

const numberOfNodes = (maxNodes: number): RaisableLimit => ({
  kind: "nodes",
  limitId: "max-nodes",
  vmTypeId: null,
  words: "one more node",
  amount: maxNodes,
  amountUnit: "nodes",
  weightOf: () => 1,
  perNode: EACH_NODE,
  raise: (held) => ({ ...held, maxNodes: maxNodes + 1 }),
});

function quota({ id, quotaNodes }: VmType, maxNodes: number): readonly RaisableLimit[] {
  if (quotaNodes === null || quotaNodes === 0 || quotaNodes >= maxNodes) return [];
  return [
    {
      kind: "quota",
      limitId: `quota-nodes ${id}`,
      vmTypeId: id,
      words: `quota for one more node of ${id}`,
      amount: quotaNodes,
      amountUnit: "nodes",
      weightOf: (vmTypeId) => (vmTypeId === id ? 1 : 0),
      perNode: EACH_NODE,
      raise: (held) => ({
        ...held,
        vmTypes: held.vmTypes.map((vmType) =>
          vmType.id === id ? { ...vmType, quotaNodes: quotaNodes + 1 } : vmType,
        ),
      }),
    },
  ];
}

const ONE_OF: Readonly<Record<LimitUnit, string>> = {
  nodes: "node",
  vCPUs: "vCPU",
  GPUs: "GPU",
  "USD per hour": "dollar per hour",
};

function nodeLimit(limit: NodeLimit, vmTypes: readonly VmType[]): readonly RaisableLimit[] {
  const mostRaised = mostWithin({ limit: limit.limit + 1 });
  const weights = vmTypes
    .map(({ id }) => limitWeight(limit, id))
    .filter((weight) => weight > 0 && weight <= mostRaised);
  const perNode = { least: Math.min(...weights), most: Math.max(...weights) };
  if (weights.length === 0 || perNode.least > mostWithin(limit)) return [];
  return [
    {
      kind: "node-limit",
      limitId: limit.id,
      vmTypeId: null,
      words: `one more ${ONE_OF[limit.unit]} of the ${limit.label}`,
      amount: limit.limit,
      amountUnit: limit.unit,
      weightOf: (vmTypeId) => limitWeight(limit, vmTypeId),
      perNode,
      raise: (held) => ({
        ...held,
        nodeLimits: held.nodeLimits.map((other) =>
          other.id === limit.id ? { ...other, limit: limit.limit + 1 } : other,
        ),
      }),
    },
  ];
}
