/** Prices and their changes as text for people. */
import type { AzureRetailPriceImport } from "../catalog/azure-retail-catalog.ts";
import type { PriceChange } from "../catalog/compare-vm-catalogs.ts";
import { tableText } from "./text.ts";

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

function percentText(percent: number): string {
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent).toFixed(2)} %`;
}
