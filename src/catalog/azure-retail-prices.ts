/**
 * Imports prices of GPU VMs from Azure's public retail price list (Microsoft, "Azure Retail Prices overview"): no account is needed.
 * A region's answer comes in pages; NextPageLink leads to the next one.
 */
import type { GpuSpec } from "../performance/gpu.ts";
import type { AzureRetailPriceImport } from "./azure-retail-catalog.ts";
import { azureRetailCatalog } from "./azure-retail-catalog.ts";
import type { AzureRetailMeter } from "./azure-retail-meters.ts";
import { azureRetailPageSchema } from "./azure-retail-meters.ts";
import { InvalidInput } from "./input-problem.ts";
import { parseInput } from "./parse-json-file.ts";
import type { DownloadLimits, WebPort } from "./retried-download.ts";
import { DOWNLOAD_LIMITS, downloadJson } from "./retried-download.ts";

/** Where Azure publishes its retail prices. */
export const AZURE_RETAIL_PRICES_URL = "https://prices.azure.com/api/retail/prices";

/** From this version on names in filters are case-sensitive, and pages may be restricted to the meters that are billed. */
const API_VERSION = "2023-01-01-preview";
/** A region has some hundred meters of GPU sizes; more pages than this mean that the list does not end. */
const MAX_PAGES = 50;
/** Pages have held 100 and 1000 items; a page of a multiple of that may be followed by another one even if it does not say so. */
const PAGE_ITEMS = 100;

/** What to import, and with what. */
export interface AzureImportRequest {
  /** Region names as Azure's API has them, for example "eastus". */
  readonly regions: readonly string[];
  /** VM types that must have a price in every region, for example "Standard_NC24ads_A100_v4"; null for all that have one. */
  readonly vmTypeIds: readonly string[] | null;
  readonly gpus: readonly GpuSpec[];
  /** Address of the price list or of a copy of it. */
  readonly url: string;
  readonly web: WebPort;
  readonly limits?: DownloadLimits;
}

/**
 * Prices of Azure's GPU VMs with Linux in some regions: on demand as a catalogue, spot and reservations beside it. Throws InvalidInput when the
 * list cannot be read to its end, or when a price is missing, 0, ambiguous or not in USD.
 */
export async function importAzureRetailPrices(request: AzureImportRequest): Promise<AzureRetailPriceImport> {
  const meters: AzureRetailMeter[] = [];
  for (const region of request.regions) meters.push(...(await metersOf(region, request)));
  return azureRetailCatalog({ ...request, source: request.url, atSeconds: request.web.nowSeconds(), meters });
}

/** All meters of one region's sizes that begin with "Standard_N", the GPU sizes. */
async function metersOf(region: string, request: AzureImportRequest): Promise<readonly AzureRetailMeter[]> {
  const meters: AzureRetailMeter[] = [];
  const visited = new Set<string>();
  const first = firstPageUrl(request.url, region);
  let url: string | null = first;
  for (let page = 1; url !== null; page += 1) {
    if (page > MAX_PAGES)
      throw unusable(url, `after ${MAX_PAGES} pages the price list still goes on`, "Check the address.");
    if (visited.has(url))
      throw unusable(url, "the price list leads back to a page that was read already", "Try again later.");
    visited.add(url);
    const { items, nextPageLink } = await readPage(url, request);
    meters.push(...items);
    url = nextUrl({
      base: request.url,
      first,
      nextPageLink,
      pageItems: items.length,
      itemsSoFar: meters.length,
    });
  }
  if (meters.length > 0) return meters;
  throw unusable(
    first,
    `the price list has no GPU VM in region "${region}"`,
    'Give a region as Azure names it in its API, for example "eastus" or "westeurope".',
  );
}

async function readPage(
  url: string,
  { web, limits = DOWNLOAD_LIMITS }: AzureImportRequest,
): Promise<{ readonly items: readonly AzureRetailMeter[]; readonly nextPageLink: string | null }> {
  const page = parseInput(azureRetailPageSchema, await downloadJson(url, web, limits), url);
  if (page.BillingCurrency !== "USD") {
    throw new InvalidInput(url, [
      {
        path: "/BillingCurrency",
        value: page.BillingCurrency,
        message: "the prices are not in USD",
        fix: "Ask for prices in USD: other currencies are only for reference.",
      },
    ]);
  }
  if (page.Count !== page.Items.length) {
    throw new InvalidInput(url, [
      {
        path: "/Count",
        value: page.Count,
        message: `the page has ${page.Items.length} items instead`,
        fix: "Try again later: the page is incomplete.",
      },
    ]);
  }
  const link = page.NextPageLink ?? "";
  return { items: page.Items, nextPageLink: link === "" ? null : link };
}

function firstPageUrl(base: string, region: string): string {
  const filter = `serviceName eq 'Virtual Machines' and armRegionName eq '${region}' and contains(armSkuName, 'Standard_N')`;
  return withQuery(
    base,
    `api-version=${API_VERSION}&currencyCode='USD'&meterRegion='primary'&$filter=${encodeURIComponent(filter)}`,
  );
}

/**
 * Where the next page is; null after the last one. Of a link only the query is taken, so that a copy of the list is read to its end and no page can
 * send the import elsewhere. Pages have come without a link although more followed; a full one is therefore followed by $skip.
 */
function nextUrl(args: {
  readonly base: string;
  readonly first: string;
  readonly nextPageLink: string | null;
  readonly pageItems: number;
  readonly itemsSoFar: number;
}): string | null {
  const { base, first, nextPageLink, pageItems, itemsSoFar } = args;
  if (nextPageLink !== null) {
    if (!URL.canParse(nextPageLink))
      throw unusable(first, `NextPageLink "${nextPageLink}" is no address`, "Try again later.");
    return withQuery(base, new URL(nextPageLink).search.slice(1));
  }
  const isFull = pageItems > 0 && pageItems % PAGE_ITEMS === 0;
  return isFull ? `${first}&$skip=${itemsSoFar}` : null;
}

function withQuery(base: string, query: string): string {
  const url = new URL(base);
  url.search = query;
  return url.href;
}

function unusable(url: string, message: string, fix: string): InvalidInput {
  return new InvalidInput(url, [{ path: "", value: url, message, fix }]);
}
