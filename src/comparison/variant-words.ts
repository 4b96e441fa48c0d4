/** What a variant changes, in words. */
import type { VmTypeId } from "../domain/ids.ts";
import { timeWords, usdWords } from "./change-words.ts";
import type { Discount, Variant } from "./variant.ts";

/** One phrase for each change; none where everything stays as it is. */
export function variantWords(variant: Variant): readonly string[] {
  const {
    catalogue,
    onlyVmTypeIds,
    maxNodes,
    dueDateSlack,
    tardinessWeightFactor,
    policy,
    plannedDurations,
  } = variant;
  return [
    ...(catalogue === null ? [] : [`catalogue ${catalogue.name}`]),
    ...(onlyVmTypeIds === null ? [] : [`only ${onlyVmTypeIds.join(", ")}`]),
    ...amounts(variant.pricesPerHourUsd, (id, price) => `${id} at ${usdWords(price)} USD/h`),
    ...amounts(variant.priceFactors, (id, factor) => `${id} at ${factor} times its price`),
    ...(variant.discounts ?? []).map(discountWords),
    ...(maxNodes === null ? [] : [`at most ${maxNodes} node${maxNodes === 1 ? "" : "s"}`]),
    ...amounts(variant.quotaNodes, (id, quota) =>
      quota === null ? `no quota of ${id}` : `at most ${quota} of ${id}`,
    ),
    ...(dueDateSlack === null
      ? []
      : [
          ...(dueDateSlack.factor === 1 ? [] : [`${dueDateSlack.factor} times as long until due dates`]),
          ...(dueDateSlack.addedSeconds === 0
            ? []
            : [
                `due dates ${timeWords(Math.abs(dueDateSlack.addedSeconds))} ${dueDateSlack.addedSeconds > 0 ? "later" : "earlier"}`,
              ]),
        ]),
    ...(tardinessWeightFactor === null ? [] : [`tardiness costs ${tardinessWeightFactor} times as much`]),
    ...(policy === null ? [] : [`policy ${policy}`]),
    ...(plannedDurations === null ? [] : [`planned with ${plannedDurations} durations`]),
  ];
}

function amounts<Amount>(
  byVmType: ReadonlyMap<VmTypeId, Amount> | null,
  words: (id: VmTypeId, amount: Amount) => string,
): readonly string[] {
  return byVmType === null ? [] : [...byVmType].map(([id, amount]) => words(id, amount));
}

function discountWords({ kind, share, vmTypeIds }: Discount): string {
  const on = vmTypeIds === null ? "everything" : vmTypeIds.join(", ");
  return `${kind}: ${Number((share * 100).toPrecision(6))} % off ${on}`;
}
