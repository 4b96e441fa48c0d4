/** The limits and prices of a variant. */
import type { ClusterSettings } from "../domain/cluster-state.ts";
import { sortedById } from "../domain/ids.ts";
import type { NodeLimit } from "../domain/node-limit.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Discount, Variant } from "./variant.ts";

/** The base's settings with the variant's VM types, prices, quotas and node limit; budgets count its prices. */
export function variantSettings(settings: ClusterSettings, variant: Variant): ClusterSettings {
  const only = variant.onlyVmTypeIds === null ? null : new Set(variant.onlyVmTypeIds);
  const vmTypes = (variant.catalogue?.vmTypes ?? settings.vmTypes)
    .filter((vmType) => only?.has(vmType.id) ?? true)
    .map((vmType) => changedVmType(vmType, variant));
  return {
    ...settings,
    vmTypes: sortedById(vmTypes),
    maxNodes: variant.maxNodes ?? settings.maxNodes,
    nodeLimits: settings.nodeLimits.map((limit) => atPricesOf(vmTypes, { limit, before: settings.vmTypes })),
  };
}

/** A budget counts what nodes cost in the variant; one on all VM types is one on all of another catalogue too. */
function atPricesOf(
  vmTypes: readonly VmType[],
  { limit, before }: { readonly limit: NodeLimit; readonly before: readonly VmType[] },
): NodeLimit {
  if (limit.unit !== "USD per hour") return limit;
  const counts = (id: string): boolean => Object.hasOwn(limit.weights, id);
  const isOnAll = before.every(({ id }) => counts(id));
  const counted = vmTypes.filter(({ id }) => isOnAll || counts(id));
  return {
    ...limit,
    weights: Object.fromEntries(counted.map(({ id, pricePerHourUsd }) => [id, pricePerHourUsd])),
  };
}

function changedVmType(vmType: VmType, variant: Variant): VmType {
  const listed = variant.pricesPerHourUsd?.get(vmType.id) ?? vmType.pricePerHourUsd;
  const quota = variant.quotaNodes?.get(vmType.id);
  return {
    ...vmType,
    pricePerHourUsd:
      listed * (variant.priceFactors?.get(vmType.id) ?? 1) * remainingShare(vmType, variant.discounts ?? []),
    quotaNodes: quota === undefined ? vmType.quotaNodes : quota,
  };
}

/** What several discounts on one VM type leave of its price, one after the other. */
function remainingShare(vmType: VmType, discounts: readonly Discount[]): number {
  return discounts
    .filter(({ vmTypeIds }) => vmTypeIds?.includes(vmType.id) ?? true)
    .reduce((left, { share }) => left * (1 - share), 1);
}

/** What discounts leave out of account. */
export function discountNotes(discounts: readonly Discount[]): readonly string[] {
  const kinds = new Set(discounts.map(({ kind }) => kind));
  return [
    ...(kinds.has("reserved")
      ? ["The reserved discount is counted on hours rented; reserved hours that nobody uses are not charged."]
      : []),
    ...(kinds.has("spot") ? ["The spot discount is counted without evictions."] : []),
  ];
}
