import type { AzureRetailPriceImport } from "./azure-retail-catalog.ts";
import { jsonRows } from "./vm-catalog-text.ts";

/** Spot and reservation prices as JSON with one price a line; a price plan takes its `spotPrices` as they are. */
export function azureOffersText({ catalog, spotPrices, reservationPrices }: AzureRetailPriceImport): string {
  return [
    "{",
    `  "catalog": ${JSON.stringify(catalog.name)},`,
    `  "sources": ${JSON.stringify(catalog.sources)},`,
    `  "spotPrices": ${jsonRows(spotPrices)},`,
    `  "reservationPrices": ${jsonRows(reservationPrices)}`,
    "}\n",
  ].join("\n");
}
