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
