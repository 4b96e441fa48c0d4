/** `berth prices`: import reads a provider's price list into a catalogue, diff compares two catalogues, show applies own prices (prices-show.ts). */
import { Command, InvalidArgumentError } from "commander";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { AZURE_RETAIL_PRICES_URL, importAzureRetailPrices } from "../catalog/azure-retail-prices.ts";
import { azureOffersText } from "../catalog/azure-offers-text.ts";
import { compareVmCatalogs } from "../catalog/compare-vm-catalogs.ts";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadVmCatalog } from "../catalog/load-vm-catalog.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import { replaceFiles } from "../catalog/replace-files.ts";
import type { WebPort } from "../catalog/retried-download.ts";
import { catalogText } from "../catalog/vm-catalog-text.ts";
import { millisecondsToSeconds, secondsToMilliseconds } from "../domain/units.ts";
import { priceChangesText, priceImportText } from "../report/price-text.ts";
import { showPricesCommand } from "./prices-show.ts";

interface ImportOptions {
  readonly region: readonly string[];
  readonly vmType?: readonly string[];
  readonly out: string;
  readonly offersOut?: string;
  readonly url: string;
}

/** The real network and clock. */
const LIVE_WEB: WebPort = {
  fetch: globalThis.fetch,
  waitSeconds: async (seconds) => {
    await wait(secondsToMilliseconds(seconds));
  },
  nowSeconds: () => millisecondsToSeconds(Date.now()),
};

/** The command with its subcommands. */
export function pricesCommand(web: WebPort = LIVE_WEB): Command {
  const commands = [importCommand(web), diffCommand(), showPricesCommand(web.nowSeconds)];
  const prices = new Command("prices").description(
    "Imports a provider's list prices, compares catalogues, and shows what is paid under own rules.",
  );
  for (const command of commands) prices.addCommand(command.exitOverride());
  return prices;
}

function importCommand(web: WebPort): Command {
  return new Command("import")
    .description(
      "Writes a catalogue of Azure's GPU VMs from Azure's public retail price list; no account is needed.",
    )
    .requiredOption(
      "--region <region,…>",
      "regions as Azure names them in its API, for example eastus,westeurope",
      regionsOption,
    )
    .requiredOption("--out <file.json>", "where to write the catalogue")
    .option(
      "--vm-type <id,…>",
      "only these VM types; each must have a price in every region (default: all that have one)",
      namesOption,
    )
    .option("--offers-out <file.json>", "where to write spot and reservation prices (default: nowhere)")
    .option(
      "--url <base>",
      "address of the price list, or of a copy of it",
      urlOption,
      AZURE_RETAIL_PRICES_URL,
    )
    .action(async (options: ImportOptions) => {
      const { offersOut } = options;
      if (offersOut !== undefined && resolve(offersOut) === resolve(options.out))
        throw oneFileForTwo(offersOut);
      const imported = await importAzureRetailPrices({
        regions: options.region,
        vmTypeIds: options.vmType ?? null,
        gpus: loadReferenceData().gpus,
        url: options.url,
        web,
      });
      replaceFiles([
        { path: options.out, text: catalogText(imported.catalog) },
        ...(offersOut === undefined ? [] : [{ path: offersOut, text: azureOffersText(imported) }]),
      ]);
      console.log(priceImportText(imported, options.region));
      console.log(`Wrote ${[options.out, ...(offersOut === undefined ? [] : [offersOut])].join(" and ")}.`);
    });
}

function diffCommand(): Command {
  return new Command("diff")
    .description("Prints which prices differ between two catalogue files, and which VM types came and went.")
    .argument("<old.json>", "the older catalogue")
    .argument("<new.json>", "the newer catalogue")
    .option("--json", "print as JSON, unchanged prices included", false)
    .action((oldPath: string, newPath: string, options: { readonly json: boolean }) => {
      const { gpus } = loadReferenceData();
      const changes = compareVmCatalogs(loadVmCatalog(oldPath, gpus), loadVmCatalog(newPath, gpus));
      console.log(options.json ? JSON.stringify({ changes }, null, 2) : priceChangesText(changes));
    });
}

function oneFileForTwo(path: string): InvalidInput {
  return new InvalidInput("--offers-out", [
    { path: "", value: path, message: "the catalogue is written to this file", fix: "Give another file." },
  ]);
}

function namesOption(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new InvalidArgumentError(`"${text}" is not a list of names joined by commas.`);
  return [...new Set(names)];
}

function regionsOption(text: string): readonly string[] {
  const regions = namesOption(text);
  for (const region of regions) {
    if (!/^[a-z0-9]+$/.test(region))
      throw new InvalidArgumentError(
        `"${region}" is not a region such as eastus: lower-case letters and digits.`,
      );
  }
  return regions;
}

function urlOption(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError(`"${text}" is not an http or https address.`);
}
