/** Makes a catalogue of Azure's meters, with spot and reservation prices beside it. */
import { groupBy } from "../domain/group-by.ts";
import { compareIds } from "../domain/ids.ts";
import type { GpuSpec } from "../performance/gpu.ts";
import { AZURE_DOCUMENTS, factsOf, retirementOf } from "./azure-provenance.ts";
import type { AzureMeterUse, AzureRetailMeter } from "./azure-retail-meters.ts";
import { useOf } from "./azure-retail-meters.ts";
import type { AzureVmShape } from "./azure-vm-shapes.ts";
import { AZURE_VM_SHAPES } from "./azure-vm-shapes.ts";
import { closestName } from "./closest-name.ts";
import type { InputProblem } from "./input-problem.ts";
import { InvalidInput, jsonPointer } from "./input-problem.ts";
import { parseVmCatalog } from "./load-vm-catalog.ts";
import { isoTime } from "./time.ts";
import type { VmCatalogJson } from "./vm-catalog-schema.ts";

/** Hours of a year of a reservation: Azure counts 365 days of 24 hours. */
export const HOURS_PER_RESERVED_YEAR = 365 * 24;

/** Spot price of a VM type; it changes often, and the VM may be taken back. */
export interface AzureSpotPrice {
  readonly vmTypeId: string;
  readonly region: string;
  readonly pricePerHourUsd: number;
}

/** Price of a reserved VM: pricePerHourUsd = termPriceUsd / (termYears · 8760), paid for every hour of the term. */
export interface AzureReservationPrice {
  readonly vmTypeId: string;
  readonly region: string;
  readonly termYears: number;
  /** Of the whole term, as Azure lists it. */
  readonly termPriceUsd: number;
  readonly pricePerHourUsd: number;
}

/** What a price list gives: on-demand prices as a catalogue, the others apart, and what was left out. */
export interface AzureRetailPriceImport {
  readonly catalog: VmCatalogJson;
  readonly spotPrices: readonly AzureSpotPrice[];
  readonly reservationPrices: readonly AzureReservationPrice[];
  /** Meters left out, by reason. */
  readonly leftOutCounts: ReadonlyMap<string, number>;
  /** GPU sizes whose documented shape is not known here, sorted; they are left out. */
  readonly unknownSizes: readonly string[];
  /** Sizes that the list spells otherwise than Microsoft's documents do; they are taken under the documented name. */
  readonly respelledSizes: readonly string[];
}

/** What an import is made of. */
export interface AzureRetailPrices {
  /** Address of the price list. */
  readonly source: string;
  readonly atSeconds: number;
  readonly regions: readonly string[];
  readonly meters: readonly AzureRetailMeter[];
  readonly gpus: readonly GpuSpec[];
  /** VM types that must have a price in every region; null for all that have one. */
  readonly vmTypeIds: readonly string[] | null;
}

interface PricedMeter {
  readonly shape: AzureVmShape;
  readonly use: Exclude<AzureMeterUse, { readonly kind: "left-out" }>;
  readonly meter: AzureRetailMeter;
}

/** One price for one size, region and use; `unitUsd` is as the list gives it. */
interface UnitPrice {
  readonly shape: AzureVmShape;
  readonly region: string;
  readonly use: PricedMeter["use"];
  readonly unitUsd: number;
}

const SHAPE_BY_PLAIN_ID = new Map(AZURE_VM_SHAPES.map((shape) => [shape.id.toLowerCase(), shape]));
const OF_ANOTHER_REGION: AzureMeterUse = { kind: "left-out", reason: "of other regions" };
const PRICE_SOURCE = "azure-retail-prices";
const SHAPE_SOURCE = "azure-sizes";

/**
 * Makes the catalogue. Throws InvalidInput with every price that is missing, 0, not in USD, or given twice with different amounts, and when a
 * VM type that is asked for has no price on demand.
 */
export function azureRetailCatalog(prices: AzureRetailPrices): AzureRetailPriceImport {
  const leftOutCounts = new Map<string, number>();
  const unknownSizes = new Set<string>();
  const respelledSizes = new Set<string>();
  const wanted = prices.vmTypeIds === null ? null : new Set(prices.vmTypeIds);
  const priced: PricedMeter[] = [];
  for (const meter of prices.meters) {
    const use = prices.regions.includes(meter.armRegionName)
      ? useOf(meter, prices.atSeconds)
      : OF_ANOTHER_REGION;
    const shape = SHAPE_BY_PLAIN_ID.get(meter.armSkuName.toLowerCase());
    if (use.kind === "left-out") leftOutCounts.set(use.reason, (leftOutCounts.get(use.reason) ?? 0) + 1);
    else if (shape === undefined) unknownSizes.add(meter.armSkuName);
    else if (wanted === null || wanted.has(shape.id)) {
      if (shape.id !== meter.armSkuName) respelledSizes.add(meter.armSkuName);
      priced.push({ shape, use, meter });
    }
  }
  const groups = groupBy(priced, ({ shape, use, meter }) =>
    JSON.stringify([meter.armRegionName, shape.id, use]),
  );
  const problems: InputProblem[] = [];
  const unitPrices = [...groups.values()].flatMap((group) => onePrice(group, problems));
  const onDemand = unitPrices.filter(({ use }) => use.kind === "on-demand");
  problems.push(...unpricedProblems(prices, onDemand));
  if (problems.length > 0) throw new InvalidInput(prices.source, problems);
  const catalog = catalogOf(prices, onDemand, unpricedOffers(unitPrices));
  // What the catalogue's own loader would refuse must never be handed out.
  parseVmCatalog(catalog, prices.source, prices.gpus);
  return {
    catalog,
    spotPrices: sortedOffers(unitPrices).flatMap(({ shape, region, use, unitUsd }) =>
      use.kind === "spot" ? [{ vmTypeId: shape.id, region, pricePerHourUsd: unitUsd }] : [],
    ),
    reservationPrices: sortedOffers(unitPrices).flatMap(({ shape, region, use, unitUsd }) =>
      use.kind === "reservation"
        ? [
            {
              vmTypeId: shape.id,
              region,
              termYears: use.termYears,
              termPriceUsd: unitUsd,
              pricePerHourUsd: unitUsd / (use.termYears * HOURS_PER_RESERVED_YEAR),
            },
          ]
        : [],
    ),
    leftOutCounts,
    unknownSizes: [...unknownSizes].sort(compareIds),
    respelledSizes: [...respelledSizes].sort(compareIds),
  };
}

/** The price that the meters of one size, region and use agree on; otherwise nothing, and the problems are added. */
function onePrice(group: readonly PricedMeter[], problems: InputProblem[]): readonly UnitPrice[] {
  const [first] = group;
  if (first === undefined) return [];
  const { shape, use } = first;
  const region = first.meter.armRegionName;
  const path = jsonPointer([region, shape.id, useName(use)]);
  const faults = group.flatMap(({ meter }) => meterFaults(meter, path));
  problems.push(...faults);
  if (faults.length > 0) return [];
  const byPrice = groupBy(group, ({ meter }) => meter.unitPrice);
  if (byPrice.size > 1) {
    const named = [...byPrice].map(
      ([usd, [of]]) => `${usd} (${of === undefined ? "" : `${of.meter.productName}, ${of.meter.meterName}`})`,
    );
    problems.push({
      path,
      value: [...byPrice.keys()],
      message: `it has several prices: ${named.join(" and ")}`,
      fix: "Name the VM types that you need with --vm-type, without this one, or correct the price list that you serve.",
    });
    return [];
  }
  const unitUsd = first.meter.unitPrice;
  return unitUsd == null ? [] : [{ shape, region, use, unitUsd }];
}

/** What makes a meter's price unusable. */
function meterFaults(meter: AzureRetailMeter, path: string): readonly InputProblem[] {
  const { meterId, meterName, unitPrice, retailPrice, currencyCode } = meter;
  const named = `meter ${meterId} (${meterName})`;
  const fix = "Name the VM types that you need with --vm-type, without this one, or try again later.";
  if (currencyCode !== "USD")
    return [
      { path, value: currencyCode, message: `${named} is not priced in USD`, fix: "Ask for prices in USD." },
    ];
  if (unitPrice == null)
    return [{ path, value: unitPrice, message: `${named} has no price, and unknown is not free`, fix }];
  if (!(unitPrice > 0))
    return [
      { path, value: unitPrice, message: `${named} has a price that is not above 0, and no VM is free`, fix },
    ];
  if (retailPrice != null && retailPrice !== unitPrice) {
    const message = `${named} has retailPrice ${retailPrice} and unitPrice ${unitPrice}, which are documented to be the same`;
    return [{ path, value: [retailPrice, unitPrice], message, fix }];
  }
  return [];
}

/** VM types that somebody asked for by name and the list has no price on demand for. */
function unpricedProblems(
  prices: AzureRetailPrices,
  onDemand: readonly UnitPrice[],
): readonly InputProblem[] {
  const { vmTypeIds, regions } = prices;
  return (vmTypeIds ?? []).flatMap((id, index) => {
    const path = jsonPointer(["vmTypes", index]);
    if (!AZURE_VM_SHAPES.some((shape) => shape.id === id)) {
      const known = AZURE_VM_SHAPES.map((shape) => shape.id);
      const near = closestName(id, known);
      const fix = `${near === undefined ? "" : `Did you mean ${near}? `}Use one of: ${known.join(", ")}.`;
      return [{ path, value: id, message: "it is no GPU size of Azure that is known here", fix }];
    }
    return regions
      .filter((region) => !onDemand.some((price) => price.shape.id === id && price.region === region))
      .map((region) => ({
        path,
        value: id,
        message: `the price list has no price on demand for it in ${region}, and unknown is not free`,
        fix: "Leave it out, or name a region where it is sold.",
      }));
  });
}

/** Sizes that a region sells at spot or reserved but has no price on demand for. */
function unpricedOffers(unitPrices: readonly UnitPrice[]): readonly UnitPrice[] {
  const offers = groupBy(unitPrices, ({ shape, region }) => JSON.stringify([shape.id, region]));
  return [...offers.values()].flatMap((group) =>
    group.some(({ use }) => use.kind === "on-demand") ? [] : group.slice(0, 1),
  );
}

function catalogOf(
  { source, atSeconds, regions, gpus }: AzureRetailPrices,
  onDemand: readonly UnitPrice[],
  unpriced: readonly UnitPrice[],
): VmCatalogJson {
  const day = isoTime(atSeconds).slice(0, "YYYY-MM-DD".length);
  const vmTypes = sortedOffers(onDemand).map(({ shape, region, unitUsd }) => ({
    ...factsOf(shape, gpus),
    vcpuCount: shape.vcpuCount,
    memoryGib: shape.memoryGib,
    pricePerHourUsd: unitUsd,
    region,
    quotaNodes: null,
    priceDate: day,
    priceSource: PRICE_SOURCE,
    source: SHAPE_SOURCE,
    retirement: retirementOf(shape.family),
  }));
  const retirementSources = new Set(vmTypes.flatMap(({ retirement }) => retirement?.source ?? []));
  return {
    name: `azure-retail-${day}`,
    about: `Azure's NVIDIA GPU VMs with Linux, on demand, in ${regions.join(", ")}: list prices in USD, imported on ${day} by berth prices import.`,
    sources: {
      [PRICE_SOURCE]: { title: `Azure's retail price list, read at ${isoTime(atSeconds)}`, url: source },
      ...Object.fromEntries(
        Object.entries(AZURE_DOCUMENTS).filter(([key]) => key === SHAPE_SOURCE || retirementSources.has(key)),
      ),
    },
    vmTypes,
    withoutPrice: sortedOffers(unpriced).map(({ shape, region, use }) => ({
      ...factsOf(shape, gpus),
      vcpuCount: shape.vcpuCount,
      memoryGib: shape.memoryGib,
      region,
      source: SHAPE_SOURCE,
      reason: `the price list has a price for ${useName(use)} there, but none on demand`,
    })),
  };
}

function useName(use: PricedMeter["use"]): string {
  switch (use.kind) {
    case "on-demand":
      return "on demand";
    case "spot":
      return "spot";
    case "reservation":
      return `reservation of ${use.termYears} ${use.termYears === 1 ? "year" : "years"}`;
  }
}

function sortedOffers(prices: readonly UnitPrice[]): readonly UnitPrice[] {
  return [...prices].sort(
    (a, b) =>
      compareIds(a.shape.id, b.shape.id) ||
      compareIds(a.region, b.region) ||
      compareIds(useName(a.use), useName(b.use)),
  );
}
