import { afterEach, describe, expect, it } from "vitest";
import type { AzureRetailPriceImport } from "../../src/catalog/azure-retail-catalog.ts";
import { HOURS_PER_RESERVED_YEAR } from "../../src/catalog/azure-retail-catalog.ts";
import { importAzureRetailPrices } from "../../src/catalog/azure-retail-prices.ts";
import { InvalidInput } from "../../src/catalog/input-problem.ts";
import { parseVmCatalog } from "../../src/catalog/load-vm-catalog.ts";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import type { DownloadLimits } from "../../src/catalog/retried-download.ts";
import { selectRegion } from "../../src/catalog/select-vm-types.ts";
import type { Answer, PriceListServer } from "./azure-retail/price-list-server.ts";
import {
  IMPORTED_AT_SECONDS,
  page,
  priceListServer,
  recordedPages,
  webWithoutPauses,
} from "./azure-retail/price-list-server.ts";

const { gpus } = loadReferenceData();
const A100 = "Standard_NC24ads_A100_v4";
const containing = (text: string): unknown => expect.stringContaining(text);

const servers: PriceListServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Trial {
  readonly imported: () => Promise<AzureRetailPriceImport>;
  /** The problems that the import is refused with. */
  readonly refusal: () => Promise<InvalidInput>;
  readonly server: PriceListServer;
  readonly pausesSeconds: readonly number[];
}

/** An import from a server that answers like this. */
async function trial(
  answer: (query: string, request: number) => Answer,
  asked: {
    readonly regions?: readonly string[];
    readonly vmTypeIds?: readonly string[];
    readonly limits?: Partial<DownloadLimits>;
  } = {},
): Promise<Trial> {
  const server = await priceListServer(answer);
  servers.push(server);
  const { web, pausesSeconds } = webWithoutPauses();
  const limits = {
    maxAttempts: 4,
    timeoutSeconds: 20,
    firstPauseSeconds: 1,
    maxPauseSeconds: 60,
    ...asked.limits,
  };
  const imported = (): Promise<AzureRetailPriceImport> =>
    importAzureRetailPrices({
      regions: asked.regions ?? ["eastus"],
      vmTypeIds: asked.vmTypeIds ?? null,
      gpus,
      url: server.url,
      web,
      limits,
    });
  return { imported, server, pausesSeconds, refusal: () => refusalOf(imported()) };
}

async function refusalOf(promise: Promise<unknown>): Promise<InvalidInput> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
  throw new Error("the import was not refused");
}

/** The first meter of eastus, with changes: a whole price list of its own. */
function meter(change: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const items: unknown = page("eastus-1")["Items"];
  const first: unknown = Array.isArray(items) ? items[0] : undefined;
  if (typeof first !== "object" || first === null) throw new Error("the page has no items");
  return { ...first, ...change };
}
const listOf = (...items: readonly object[]): Answer => ({
  body: { ...page("westeurope"), Items: items, Count: items.length },
});

describe("prices of two pages and two regions", () => {
  it("make a catalogue that the loader takes: Linux VMs on demand, with their documented shapes", async () => {
    const { imported, server } = await trial(recordedPages, { regions: ["eastus", "westeurope"] });
    const { catalog } = await imported();
    expect(catalog.name).toBe("azure-retail-2026-11-21");
    expect(catalog.vmTypes.map((row) => [row.id, row.region, row.pricePerHourUsd])).toEqual([
      [A100, "eastus", 3.673],
      [A100, "westeurope", 4.775],
      ["Standard_NC4as_T4_v3", "eastus", 0.526],
      ["Standard_NC4as_T4_v3", "westeurope", 0.605],
      ["Standard_NC6s_v3", "eastus", 3.06],
      ["Standard_NC8as_T4_v3", "westeurope", 0.865],
      ["Standard_NV12ads_A10_v5", "eastus", 0.908],
    ]);
    const loaded = parseVmCatalog(JSON.parse(JSON.stringify(catalog)), "written", gpus);
    expect(selectRegion(loaded, "eastus").find(({ id }) => id === "Standard_NV12ads_A10_v5")).toEqual({
      id: "Standard_NV12ads_A10_v5",
      family: "NVadsA10_v5",
      gpuType: "A10",
      gpuCount: 1,
      gpuShare: 1 / 3,
      gpuMemoryGib: 8,
      vcpuCount: 12,
      memoryGib: 110,
      pricePerHourUsd: 0.908,
      region: "eastus",
      quotaNodes: null,
    });
    expect(catalog.vmTypes[0]).toMatchObject({ priceDate: "2026-11-21", priceSource: "azure-retail-prices" });
    expect(catalog.sources["azure-retail-prices"]).toEqual({
      title: "Azure's retail price list, read at 2026-11-21T09:30:00Z",
      url: server.url,
    });
  });

  it("have spot and reservation prices apart, a term's price per hour of its 8760 hours a year", async () => {
    const { spotPrices, reservationPrices } = await (await trial(recordedPages)).imported();
    expect(spotPrices).toEqual([
      { vmTypeId: A100, region: "eastus", pricePerHourUsd: 1.469 },
      { vmTypeId: "Standard_NC4as_T4_v3", region: "eastus", pricePerHourUsd: 0.2104 },
      { vmTypeId: "Standard_ND96isr_H100_v5", region: "eastus", pricePerHourUsd: 39.328 },
    ]);
    expect(HOURS_PER_RESERVED_YEAR).toBe(8760);
    expect(reservationPrices).toEqual([
      { vmTypeId: A100, region: "eastus", termYears: 1, termPriceUsd: 18831, pricePerHourUsd: 18831 / 8760 },
      { vmTypeId: A100, region: "eastus", termYears: 3, termPriceUsd: 43362, pricePerHourUsd: 43362 / 26280 },
      {
        vmTypeId: "Standard_NC4as_T4_v3",
        region: "eastus",
        termYears: 1,
        termPriceUsd: 2716,
        pricePerHourUsd: 2716 / 8760,
      },
    ]);
  });

  it("say what has no price, what was left out, what is not known and what is spelled otherwise", async () => {
    const { catalog, leftOutCounts, unknownSizes, respelledSizes } = await (
      await trial(recordedPages, { regions: ["eastus", "westeurope"] })
    ).imported();
    expect(catalog.withoutPrice).toMatchObject([
      {
        id: "Standard_ND96isr_H100_v5",
        region: "eastus",
        reason: "the price list has a price for spot there, but none on demand",
      },
    ]);
    expect(Object.fromEntries(leftOutCounts)).toEqual({
      "with Windows": 1,
      "at low priority": 1,
      "of other offers, such as Dev/Test": 1,
      "of another product": 1,
      "of a later time": 1,
    });
    expect(unknownSizes).toEqual(["Standard_NV16as_v4"]);
    expect(respelledSizes).toEqual(["Standard_nc8as_t4_v3"]);
  });

  it("are asked for by region, GPU sizes only, and page by page on the address that was given", async () => {
    const { imported, server } = await trial(recordedPages, { regions: ["eastus", "westeurope"] });
    await imported();
    const asked = (region: string): string =>
      `api-version=2023-01-01-preview&currencyCode='USD'&meterRegion='primary'&$filter=serviceName eq 'Virtual Machines' and armRegionName eq '${region}' and contains(armSkuName, 'Standard_N')`;
    expect(server.queries).toEqual([asked("eastus"), `${asked("eastus")}&$skip=10`, asked("westeurope")]);
  });
});

describe("pages", () => {
  /** Hundred meters: one price, and others that are left out. */
  const hundred = [
    meter(),
    ...Array.from({ length: 99 }, (_, index) => meter({ meterId: `w${index}`, productName: "X Windows" })),
  ];

  it("without a link are followed by $skip as long as they are full", async () => {
    const { imported, server } = await trial((query) => {
      if (query.endsWith("&$skip=100")) return listOf(...hundred.slice(1), meter());
      return query.endsWith("&$skip=200")
        ? listOf(meter({ armSkuName: "Standard_NC6s_v3" }))
        : listOf(...hundred);
    });
    expect((await imported()).catalog.vmTypes.map(({ id }) => id)).toEqual([A100, "Standard_NC6s_v3"]);
    expect(server.queries).toHaveLength(3);
  });

  it("that are full and followed by an empty one are the whole list", async () => {
    const { imported, server } = await trial((query) =>
      query.includes("$skip") ? listOf() : listOf(...hundred),
    );
    expect((await imported()).catalog.vmTypes).toHaveLength(1);
    expect(server.queries).toHaveLength(2);
  });

  it("that lead in a circle, or never end, are refused and not taken for the whole list", async () => {
    const link = (query: string): Answer => ({
      body: {
        ...page("westeurope"),
        NextPageLink: `https://prices.azure.com:443/api/retail/prices?${query}`,
      },
    });
    const circle = await trial(() => link("a=1"));
    expect((await circle.refusal()).message).toMatch(/leads back to a page/);
    const endless = await trial((_query, request) => link(`page=${request}`));
    expect((await endless.refusal()).message).toMatch(/after 50 pages the price list still goes on/);
    expect(endless.server.queries).toHaveLength(50);
  });

  it.each([
    ["with fewer items than they count", { Count: 4 }, "/Count", "the page has 3 items instead"],
    ["in another currency", { BillingCurrency: "EUR" }, "/BillingCurrency", "not in USD"],
    ["without items", { Items: undefined }, "/Items", "Items is missing"],
    ["with a link that is none", { NextPageLink: "next" }, "", 'NextPageLink "next" is no address'],
  ])("%s are refused", async (_name, change, path, message) => {
    const { refusal } = await trial(() => ({ body: { ...page("westeurope"), ...change } }));
    expect((await refusal()).problems).toMatchObject([{ path, message: containing(message) }]);
  });
});

describe("a server that is busy or breaks", () => {
  const once = (first: Answer) => (query: string, request: number) =>
    request === 0 ? first : recordedPages(query);

  it.each<[string, Answer, number]>([
    ["429 with Retry-After in seconds", { status: 429, headers: { "retry-after": "7" } }, 7],
    [
      "429 with Retry-After as a date",
      { status: 429, headers: { "retry-after": new Date((IMPORTED_AT_SECONDS + 12) * 1000).toUTCString() } },
      12,
    ],
    ["429 without a word", { status: 429 }, 1],
    ["503", { status: 503, body: "busy" }, 1],
    ["500 with a Retry-After that says nothing", { status: 500, headers: { "retry-after": "soon" } }, 1],
    ["JSON that ends in the middle", { body: JSON.stringify(page("eastus-1")).slice(0, 500) }, 1],
    ["a connection that breaks", { body: page("eastus-1"), breakAfter: 300 }, 1],
  ])("after %s is asked again", async (_name, first, pauseSeconds) => {
    const { imported, pausesSeconds, server } = await trial(once(first));
    expect((await imported()).catalog.vmTypes).toHaveLength(4);
    expect(pausesSeconds).toEqual([pauseSeconds]);
    expect(server.queries).toHaveLength(3);
  });

  it("is asked again when it says nothing in time", async () => {
    const { imported, pausesSeconds } = await trial(once({ silent: true }), {
      limits: { timeoutSeconds: 2 },
    });
    expect((await imported()).catalog.vmTypes).toHaveLength(4);
    expect(pausesSeconds).toContain(1);
  });

  it("is given up after the last attempt, with growing pauses and every reason", async () => {
    const { refusal, pausesSeconds, server } = await trial((_query, request) =>
      request === 1 ? { body: "{" } : { status: 500 },
    );
    const { problems } = await refusal();
    expect(problems).toEqual([
      {
        path: "",
        value: containing(server.url),
        message: "4 attempts failed: the server answers 500; what came is not JSON (1 characters)",
        fix: "Try again later, or check the address and the network.",
      },
    ]);
    expect(pausesSeconds).toEqual([1, 2, 4]);
    expect(server.queries).toHaveLength(4);
  });

  it("is not waited for longer than is bearable", async () => {
    const { refusal, pausesSeconds } = await trial(() => ({
      status: 429,
      headers: { "retry-after": "3600" },
    }));
    expect((await refusal()).message).toMatch(/the server answers 429 and asks to wait 3600 s/);
    expect(pausesSeconds).toEqual([]);
  });

  it("that refuses is not asked again", async () => {
    const { refusal, server } = await trial(() => ({ status: 400, body: "Invalid OData parameters" }));
    expect((await refusal()).message).toMatch(/the server answers 400 \(Invalid OData parameters\)/);
    expect(server.queries).toHaveLength(1);
  });

  it("that is not there is said to be so", async () => {
    const { refusal, server } = await trial(recordedPages, { limits: { maxAttempts: 1 } });
    await server.close();
    servers.splice(0);
    expect((await refusal()).message).toMatch(/1 attempts failed: fetch failed: connect ECONNREFUSED/);
  });
});

describe("a price", () => {
  it("that two meters give differently is refused, naming both", async () => {
    const { refusal } = await trial(() =>
      listOf(
        meter(),
        meter({ unitPrice: 3.9, retailPrice: 3.9, productName: "Virtual Machines NCads New Series" }),
      ),
    );
    expect((await refusal()).problems).toEqual([
      {
        path: `/eastus/${A100}/on demand`,
        value: [3.673, 3.9],
        message:
          "it has several prices: 3.673 (Virtual Machines NCads A100 v4 Series, NC24ads A100 v4) and 3.9 (Virtual Machines NCads New Series, NC24ads A100 v4)",
        fix: containing("--vm-type"),
      },
    ]);
  });

  it("that two meters agree on is one", async () => {
    const { imported } = await trial(() => listOf(meter(), meter({ meterId: "another" })));
    expect((await imported()).catalog.vmTypes).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["of 0", { unitPrice: 0, retailPrice: 0 }, "has a price that is not above 0, and no VM is free"],
    ["below 0", { unitPrice: -1 }, "has a price that is not above 0"],
    ["that is unknown", { unitPrice: null, retailPrice: null }, "has no price, and unknown is not free"],
    ["that is left out", { unitPrice: undefined }, "has no price, and unknown is not free"],
    ["in another currency", { currencyCode: "EUR" }, "is not priced in USD"],
    ["with two amounts", { retailPrice: 4 }, "has retailPrice 4 and unitPrice 3.673"],
  ])("%s is refused", async (_name, change, message) => {
    const { refusal } = await trial(() => listOf(meter(change)));
    expect((await refusal()).problems).toMatchObject([
      { path: `/eastus/${A100}/on demand`, message: containing(message) },
    ]);
  });

  it("of a spot VM or a reservation is checked too", async () => {
    const { refusal } = await trial(() =>
      listOf(
        meter(),
        meter({ skuName: "NC24ads A100 v4 Spot", unitPrice: 0 }),
        meter({ type: "Reservation", reservationTerm: "3 Years", unitPrice: null }),
      ),
    );
    expect((await refusal()).problems.map(({ path }) => path)).toEqual([
      `/eastus/${A100}/spot`,
      `/eastus/${A100}/reservation of 3 years`,
    ]);
  });

  it("that is out of all proportion is refused by the catalogue's own checks", async () => {
    const { refusal } = await trial(() => listOf(meter({ unitPrice: 36730, retailPrice: 36730 })));
    expect((await refusal()).problems).toMatchObject([
      { path: "/vmTypes/0/pricePerHourUsd", message: containing("36730 USD per hour and GPU") },
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["another service", { serviceName: "Azure Machine Learning" }, "of another service"],
    ["a dedicated host", { productName: "NCads Dedicated Host" }, "of another product"],
    ["a promotion", { armSkuName: "Standard_NC6_Promo" }, "of expired promotions"],
    ["a region that is not billed", { isPrimaryMeterRegion: false }, "of regions that are not billed"],
    ["a month", { unitOfMeasure: "1 Month" }, "not by the hour"],
    ["a quantity", { tierMinimumUnits: 100 }, "beyond a quantity"],
    ["the past", { effectiveEndDate: "2026-11-21T09:30:00Z" }, "of an earlier time"],
    [
      "an odd term",
      { type: "Reservation", reservationTerm: "6 Months" },
      "of reservations without a term in years",
    ],
    ["a region that nobody asked for", { armRegionName: "westus" }, "of other regions"],
  ])("of %s is left out", async (_name, change, reason) => {
    const { imported } = await trial(() => listOf(meter(), meter({ unitPrice: 9, ...change })));
    const { catalog, leftOutCounts } = await imported();
    expect(catalog.vmTypes.map((row) => row.pricePerHourUsd)).toEqual([3.673]);
    expect(Object.fromEntries(leftOutCounts)).toEqual({ [reason]: 1 });
  });
});

describe("VM types asked for by name", () => {
  it("are imported alone, so that another one's faulty price does not matter", async () => {
    const { imported } = await trial(
      () => listOf(meter(), meter({ armSkuName: "Standard_NC6s_v3", unitPrice: 0 })),
      {
        vmTypeIds: [A100],
      },
    );
    expect((await imported()).catalog.vmTypes.map(({ id }) => id)).toEqual([A100]);
  });

  it("without a price on demand, or in no spelling that is known, are refused", async () => {
    const { refusal } = await trial(recordedPages, {
      regions: ["eastus", "westeurope"],
      vmTypeIds: [A100, "Standard_ND96isr_H100_v5", "Standard_NC24_A100_v4"],
    });
    expect(
      (await refusal()).problems.map(({ path, value, message, fix }) => [
        path,
        value,
        message,
        fix.split("?")[0],
      ]),
    ).toEqual([
      [
        "/vmTypes/1",
        "Standard_ND96isr_H100_v5",
        "the price list has no price on demand for it in eastus, and unknown is not free",
        "Leave it out, or name a region where it is sold.",
      ],
      [
        "/vmTypes/1",
        "Standard_ND96isr_H100_v5",
        "the price list has no price on demand for it in westeurope, and unknown is not free",
        "Leave it out, or name a region where it is sold.",
      ],
      [
        "/vmTypes/2",
        "Standard_NC24_A100_v4",
        "it is no GPU size of Azure that is known here",
        "Did you mean Standard_NC24ads_A100_v4",
      ],
    ]);
  });

  it("in a region that the list does not have are refused", async () => {
    const { refusal } = await trial(recordedPages, { regions: ["eastuss"] });
    expect((await refusal()).message).toMatch(
      /no GPU VM in region "eastuss".*Give a region as Azure names it/,
    );
  });
});
