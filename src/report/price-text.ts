/** Prices and their changes as text for people. */
import type { AppliedPricePlan } from "../catalog/apply-price-plan.ts";
import type { AzureRetailPriceImport } from "../catalog/azure-retail-catalog.ts";
import type { PriceChange } from "../catalog/compare-vm-catalogs.ts";
import type { VmType } from "../domain/vm-type.ts";
import { tableText } from "./text.ts";

/** Prices of a region at a time: as listed, and as they are under a calendar and a plan. */
export interface EffectivePrices {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly listed: readonly VmType[];
  readonly applied: AppliedPricePlan;
  /** ISO 8601 in UTC; null when prices stay as they are. */
  readonly nextChangeAt: string | null;
}

/** A price with the digits that it has: prices are compared, so none is rounded away. */
const priceText = (usd: number | null): string => (usd === null ? "" : String(usd));

/** The changes as a table, and how many prices stayed as they were. */
export function priceChangesText(changes: readonly PriceChange[]): string {
  const told = changes.filter(({ kind }) => kind !== "unchanged");
  const unchanged = `${changes.length - told.length} of ${changes.length} prices are unchanged.`;
  if (told.length === 0) return unchanged;
  const table = tableText(
    ["VM type", "region", "old USD/h", "new USD/h", "change"],
    told.map((change) => [
      change.vmTypeId,
      change.region,
      priceText(change.oldPricePerHourUsd),
      priceText(change.newPricePerHourUsd),
      change.changePercent === null ? change.kind : percentText(change.changePercent),
    ]),
  );
  return `${table}\n${unchanged}`;
}

/** What an import brought, what it left out and why. */
export function priceImportText(imported: AzureRetailPriceImport, regions: readonly string[]): string {
  const { catalog, spotPrices, reservationPrices, leftOutCounts, unknownSizes, respelledSizes } = imported;
  const count = (rows: readonly { readonly region: string | null }[], region: string): number =>
    rows.filter((row) => row.region === region).length;
  const leftOut = [...leftOutCounts].map(([reason, meters]) => `${meters} ${reason}`).sort();
  return [
    ...regions.map(
      (region) =>
        `${region}: ${count(catalog.vmTypes, region)} VM types on demand, ${count(spotPrices, region)} spot prices, ${count(reservationPrices, region)} reservation prices`,
    ),
    ...catalog.withoutPrice.map(
      (row) => `Without a price: ${row.id} in ${row.region ?? "any region"}: ${row.reason}.`,
    ),
    ...(leftOut.length === 0 ? [] : [`Meters left out: ${leftOut.join(", ")}.`]),
    ...(unknownSizes.length === 0
      ? []
      : [`GPU sizes left out because their shape is not known here: ${unknownSizes.join(", ")}.`]),
    ...(respelledSizes.length === 0
      ? []
      : [`Taken under their documented names: ${respelledSizes.join(", ")}.`]),
  ].join("\n");
}

/** Digits of a computed price: a hundredth of a cent per hour. */
const COMPUTED_DIGITS = 4;

/** What one more node of each VM type costs, what is paid anyway, and why. */
export function effectivePricesText({ at, listed, applied, nextChangeAt }: EffectivePrices): string {
  const { fixedCostPerHourUsd, notes } = applied;
  const table = tableText(
    ["offer", "region", "list USD/h", "one more node USD/h", "at most"],
    applied.vmTypes.map((vmType) => [
      vmType.id,
      vmType.region,
      priceText(listUsd(vmType, listed, applied)),
      vmType.pricePerHourUsd.toFixed(COMPUTED_DIGITS),
      vmType.quotaNodes === null ? "" : String(vmType.quotaNodes),
    ]),
  );
  return [
    `Prices at ${at}${nextChangeAt === null ? "" : `; they change next at ${nextChangeAt}`}.`,
    table,
    `Paid anyway: ${fixedCostPerHourUsd.toFixed(COMPUTED_DIGITS)} USD per hour.`,
    ...notes.map(({ text }) => `  ${text}`),
  ].join("\n");
}

/** The same as JSON. */
export function effectivePricesView({ at, listed, applied, nextChangeAt }: EffectivePrices): object {
  const { fixedCostPerHourUsd, notes, twinOf } = applied;
  return {
    at,
    nextChangeAt,
    offers: applied.vmTypes.map((vmType) => ({
      id: vmType.id,
      vmTypeId: twinOf.get(vmType.id) ?? vmType.id,
      region: vmType.region,
      listPricePerHourUsd: listUsd(vmType, listed, applied),
      pricePerHourUsd: vmType.pricePerHourUsd,
      quotaNodes: vmType.quotaNodes,
    })),
    fixedCostPerHourUsd,
    notes,
  };
}

/** List price of an offer; a reserved twin's is that of its VM type. */
function listUsd({ id }: VmType, listed: readonly VmType[], { twinOf }: AppliedPricePlan): number | null {
  const listedId = twinOf.get(id) ?? id;
  return listed.find((vmType) => vmType.id === listedId)?.pricePerHourUsd ?? null;
}

function percentText(percent: number): string {
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent).toFixed(2)} %`;
}
