/** The limits and prices of a variant. */
import type { ClusterSettings } from "../domain/cluster-state.ts";
import { sortedById } from "../domain/ids.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { Discount, Variant } from "./variant.ts";

/** The base's settings with the variant's VM types, prices, quotas and node limit. */
export function variantSettings(settings: ClusterSettings, variant: Variant): ClusterSettings {
  const only = variant.onlyVmTypeIds === null ? null : new Set(variant.onlyVmTypeIds);
  const vmTypes = (variant.catalogue?.vmTypes ?? settings.vmTypes)
    .filter((vmType) => only?.has(vmType.id) ?? true)
    .map((vmType) => changedVmType(vmType, variant));
  return {
    ...settings,
    vmTypes: sortedById(vmTypes),
    maxNodes: variant.maxNodes ?? settings.maxNodes,
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
