/**
 * Limits of which one more can be had: N, and each quota that is below N. A limit is named, and raises itself in whatever holds limits: the settings of a
 * cluster or a planning problem. A further kind of limit is one more function that lists its own.
 */
import type { VmTypeId } from "../domain/ids.ts";
import type { VmType } from "../domain/vm-type.ts";

/** What holds limits. */
export interface Limits {
  readonly vmTypes: readonly VmType[];
  readonly maxNodes: number;
}

/** Kinds of limits. */
export const LIMIT_KINDS = ["nodes", "quota"] as const;

/** One limit and how to have one more of it. */
export interface RaisableLimit {
  readonly kind: (typeof LIMIT_KINDS)[number];
  /** Of a quota; null otherwise. */
  readonly vmTypeId: VmTypeId | null;
  /** What one more is, in words. */
  readonly words: string;
  readonly amount: number;
  /** How much of it an allocation uses. */
  readonly used: (nodes: readonly { readonly vmTypeId: VmTypeId }[]) => number;
  readonly raise: <Held extends Limits>(held: Held) => Held;
}

/** The limits of a cluster that can be raised, N first; a quota of 0 is none of them, since no job was given durations there. */
export function raisableLimits({ vmTypes, maxNodes }: Limits): readonly RaisableLimit[] {
  return [nodeLimit(maxNodes), ...vmTypes.flatMap((vmType) => quota(vmType, maxNodes))];
}

const nodeLimit = (maxNodes: number): RaisableLimit => ({
  kind: "nodes",
  vmTypeId: null,
  words: "one more node",
  amount: maxNodes,
  used: (nodes) => nodes.length,
  raise: (held) => ({ ...held, maxNodes: maxNodes + 1 }),
});

function quota({ id, quotaNodes }: VmType, maxNodes: number): readonly RaisableLimit[] {
  if (quotaNodes === null || quotaNodes === 0 || quotaNodes >= maxNodes) return [];
  return [
    {
      kind: "quota",
      vmTypeId: id,
      words: `quota for one more node of ${id}`,
      amount: quotaNodes,
      used: (nodes) => nodes.filter(({ vmTypeId }) => vmTypeId === id).length,
      raise: (held) => ({
        ...held,
        vmTypes: held.vmTypes.map((vmType) =>
          vmType.id === id ? { ...vmType, quotaNodes: quotaNodes + 1 } : vmType,
        ),
      }),
    },
  ];
}
