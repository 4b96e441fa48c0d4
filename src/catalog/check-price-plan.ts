import type { VmType } from "../domain/vm-type.ts";
import { azureVmShape } from "./azure-vm-shapes.ts";
import { closestName } from "./closest-name.ts";
import type { InputProblem } from "./input-problem.ts";
import { jsonPointer } from "./input-problem.ts";
import type { PricePlan } from "./price-plan.ts";
import { isReservedTwin } from "./reserved-twin.ts";

/**
 * What a schema cannot see: rules about VM types, regions and families that the cluster does not have, which would silently have no effect, and
 * VM types to be planned at a spot price that nobody gave. Paths start at the plan. Empty when all is well.
 */
export function pricePlanProblems(plan: PricePlan, vmTypes: readonly VmType[]): readonly InputProblem[] {
  const known = {
    vmTypeId: distinct(vmTypes.map(({ id }) => id)),
    region: distinct(vmTypes.map(({ region }) => region)),
    family: distinct(vmTypes.flatMap(({ id }) => azureVmShape(id)?.family ?? [])),
  };
  const unknown = (path: readonly PropertyKey[], field: keyof typeof known, value: string): InputProblem[] =>
    known[field].includes(value)
      ? []
      : [unknownName({ path: [...path, field], field, value, known: known[field] })];
  const offer = (
    path: readonly PropertyKey[],
    rule: { readonly vmTypeId: string; readonly region: string },
  ): InputProblem[] => {
    const vmType = vmTypes.find(({ id }) => id === rule.vmTypeId);
    if (vmType === undefined) return unknown(path, "vmTypeId", rule.vmTypeId);
    if (vmType.region === rule.region) return [];
    return [
      unknownName({ path: [...path, "region"], field: "region", value: rule.region, known: [vmType.region] }),
    ];
  };
  return [
    ...vmTypes.flatMap(takenIdProblems),
    ...plan.discounts.flatMap(({ appliesTo }, index) => {
      const path = ["discounts", index, "appliesTo"];
      switch (appliesTo.kind) {
        case "all":
          return [];
        case "vm-type":
          return unknown(path, "vmTypeId", appliesTo.vmTypeId);
        case "family":
          return unknown(path, "family", appliesTo.family);
        case "region":
          return unknown(path, "region", appliesTo.region);
      }
    }),
    ...plan.reservations.flatMap((rule, index) => offer(["reservations", index], rule)),
    ...plan.spotPrices.flatMap((rule, index) => offer(["spotPrices", index], rule)),
    ...plan.planAtSpotPrice.flatMap((id, index) => {
      const vmType = vmTypes.find((candidate) => candidate.id === id);
      if (vmType === undefined)
        return [
          unknownName({
            path: ["planAtSpotPrice", index],
            field: "vmTypeId",
            value: id,
            known: known.vmTypeId,
          }),
        ];
      return spotPriceOf(plan, vmType) === undefined ? [unknownSpotPrice(index, vmType)] : [];
    }),
  ];
}

/** The spot price that a plan gives for a VM type, USD per hour; undefined when it gives none. */
export function spotPriceOf(plan: PricePlan, vmType: VmType): number | undefined {
  return plan.spotPrices.find(({ vmTypeId, region }) => vmTypeId === vmType.id && region === vmType.region)
    ?.pricePerHourUsd;
}

/** A VM type is to be planned at a spot price that nobody gave: unknown is not free. */
export function unknownSpotPrice(index: number, { id, region }: VmType): InputProblem {
  return {
    path: jsonPointer(["planAtSpotPrice", index]),
    value: id,
    message: `no spot price is given for it in ${region}, and an unknown price is never free`,
    fix: "Add it to spotPrices, or plan with it on demand.",
  };
}

function takenIdProblems({ id }: VmType): readonly InputProblem[] {
  if (!isReservedTwin(id)) return [];
  return [
    {
      path: "",
      value: id,
      message: "a VM type of the catalogue has an id that is kept for reserved nodes",
      fix: 'Give it an id that does not end in ":reserved".',
    },
  ];
}

function unknownName(args: {
  readonly path: readonly PropertyKey[];
  readonly field: "vmTypeId" | "region" | "family";
  readonly value: string;
  readonly known: readonly string[];
}): InputProblem {
  const what = { vmTypeId: "VM type", region: "region", family: "family of VM types" }[args.field];
  const near = closestName(args.value, args.known);
  return {
    path: jsonPointer(args.path),
    value: args.value,
    message: `the cluster has no such ${what} here, so the rule would have no effect`,
    fix: `${near === undefined ? "" : `Did you mean "${near}"? `}Use one of: ${args.known.join(", ")}.`,
  };
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
