/** Branded identifiers: the compiler keeps a job's id from being used as a VM type's. */

declare const brand: unique symbol;
type Id<Kind extends string> = string & { readonly [brand]: Kind };

/** Identifies a job within one cluster. */
export type JobId = Id<"job">;
/** Identifies a VM type within one catalogue, for example "Standard_NC6". */
export type VmTypeId = Id<"vm-type">;
/** Identifies a network whose layers were given inline: the hash of its content. */
export type NetworkId = Id<"network">;
/** Identifies one rented node within one cluster. */
export type NodeId = Id<"node">;

/** Brands a string as a job id. */
export const jobId = (text: string): JobId => text as JobId;
/** Brands a string as a VM type id. */
export const vmTypeId = (text: string): VmTypeId => text as VmTypeId;
/** Brands a string as the id of a network given inline. */
export const networkId = (text: string): NetworkId => text as NetworkId;
/** Brands a string as a node id. */
export const nodeId = (text: string): NodeId => text as NodeId;

/** Orders ids by code unit, the same on every machine; every set is sorted with it before a problem is built. */
export const compareIds = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Returns a copy of the items sorted by id. */
export function sortedById<Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] {
  return [...items].sort((a, b) => compareIds(a.id, b.id));
}

/** The place of an id among items that are sorted by id: that of the first which is not before it. */
export function placeOfId(items: readonly { readonly id: string }[], id: string, from = 0): number {
  let low = from;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIds(items[middle]?.id ?? "", id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Items that are sorted by id with more among them. Where few come to many, what lies between is copied as it is. */
export function mergedById<Item extends { readonly id: string }>(
  sorted: readonly Item[],
  more: readonly Item[],
): readonly Item[] {
  let from = 0;
  const pieces = sortedById(more).flatMap((item): (readonly Item[])[] => {
    const to = placeOfId(sorted, item.id, from);
    const before = sorted.slice(from, to);
    from = to;
    return [before, [item]];
  });
  return ([] as Item[]).concat(...pieces, sorted.slice(from));
}
