import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadVmCatalog } from "../../src/catalog/load-vm-catalog.ts";
import { pricePlanSchema } from "../../src/catalog/price-plan.ts";
import { loadReferenceData } from "../../src/catalog/reference-data.ts";
import { pricesCommand } from "../../src/cli/prices.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import type { PriceListServer } from "../catalog/azure-retail/price-list-server.ts";
import {
  priceListServer,
  recordedPages,
  webWithoutPauses,
} from "../catalog/azure-retail/price-list-server.ts";
import { z } from "zod";

const { gpus } = loadReferenceData();
const folder = mkdtempSync(join(tmpdir(), "berth-prices-"));
const file = (name: string): string => join(folder, name);
let server: PriceListServer;
let failing = false;
beforeAll(async () => {
  server = await priceListServer((query) => (failing ? { status: 400, body: "no" } : recordedPages(query)));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

let printed: string[] = [];
let errors: string[] = [];
beforeEach(() => {
  printed = [];
  errors = [];
  failing = false;
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    printed.push(text);
  });
  vi.spyOn(console, "error").mockImplementation((text: string) => {
    errors.push(text);
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    errors.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs `berth prices <words>` with a clock that stands still. */
async function prices(...words: readonly string[]): Promise<string> {
  await pricesCommand(webWithoutPauses().web).parseAsync([...words], { from: "user" });
  return printed.join("\n");
}
const importInto = (name: string, ...words: readonly string[]): Promise<string> =>
  prices("import", "--url", server.url, "--out", file(name), ...words);

describe("berth prices import", () => {
  it("writes a catalogue and the other prices, and says what it found and left out", async () => {
    const text = await importInto(
      "new.json",
      "--region",
      "eastus,westeurope",
      "--offers-out",
      file("offers.json"),
    );
    expect(text.replaceAll(folder, "")).toMatchInlineSnapshot(`
      "eastus: 4 VM types on demand, 3 spot prices, 3 reservation prices
      westeurope: 3 VM types on demand, 0 spot prices, 0 reservation prices
      Without a price: Standard_ND96isr_H100_v5 in eastus: the price list has a price for spot there, but none on demand.
      Meters left out: 1 at low priority, 1 of a later time, 1 of another product, 1 of other offers, such as Dev/Test, 1 with Windows.
      GPU sizes left out because their shape is not known here: Standard_NV16as_v4.
      Taken under their documented names: Standard_nc8as_t4_v3.
      Wrote /new.json and /offers.json."
    `);
    const catalog = loadVmCatalog(file("new.json"), gpus);
    expect(catalog.vmTypes).toHaveLength(7);
    // One row a line: a changed price is a one-line difference.
    expect(readFileSync(file("new.json"), "utf8").split("\n")).toContainEqual(
      expect.stringMatching(
        /^ {4}\{"id":"Standard_NC24ads_A100_v4",.*"pricePerHourUsd":3\.673,"region":"eastus"/,
      ),
    );
    const offers = z
      .looseObject({ spotPrices: z.unknown() })
      .parse(JSON.parse(readFileSync(file("offers.json"), "utf8")));
    expect(pricePlanSchema.parse({ spotPrices: offers.spotPrices }).spotPrices).toHaveLength(3);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("that fails leaves the old file as it was", async () => {
    writeFileSync(file("kept.json"), "old");
    failing = true;
    await expect(importInto("kept.json", "--region", "eastus")).rejects.toThrow(/answers 400/);
    expect(readFileSync(file("kept.json"), "utf8")).toBe("old");
  });

  it("writes neither file when one of them cannot be written", async () => {
    const lost = file("missing/offers.json");
    await expect(importInto("alone.json", "--region", "eastus", "--offers-out", lost)).rejects.toThrow(
      /the file cannot be written .*Check that its folder exists/,
    );
    mkdirSync(file("a-folder"));
    await expect(importInto("a-folder", "--region", "eastus")).rejects.toThrow(/the file cannot be written/);
    expect(existsSync(file("alone.json"))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    await expect(
      importInto("same.json", "--region", "eastus", "--offers-out", file("same.json")),
    ).rejects.toThrow(/the catalogue is written to this file/);
  });

  it.each([
    [["--out", "x.json"], "required option '--region <region,…>'"],
    [["--region", "eastus"], "required option '--out <file.json>'"],
    [["--region", "East US", "--out", "x.json"], '"East US" is not a region such as eastus'],
    [["--region", "eastus,", "--out", "x.json"], "is not a list of names"],
    [["--region", "eastus", "--out", "x.json", "--url", "ftp://x"], "is not an http or https address"],
    [
      ["--region", "eastus", "--out", "x.json", "--vm-type", "A100"],
      "/vmTypes/0: it is no GPU size of Azure that is known here",
    ],
  ])("with %j ends with exit code 2", async (words, message) => {
    const local = words.includes("--vm-type") ? ["--url", server.url] : [];
    expect(await runCli(["prices", "import", ...words, ...local])).toBe(2);
    expect(errors.join("\n")).toContain(message);
    expect(existsSync("x.json")).toBe(false);
  });
});

describe("berth prices diff", () => {
  beforeAll(async () => {
    const { web } = webWithoutPauses();
    const words = ["import", "--url", server.url, "--region", "eastus", "--out", file("old.json")];
    const silent = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await pricesCommand(web).parseAsync(words, { from: "user" });
    silent.mockRestore();
    const text = readFileSync(file("old.json"), "utf8");
    writeFileSync(
      file("changed.json"),
      text
        .replace('"pricePerHourUsd":3.673', '"pricePerHourUsd":3.4')
        .replace('"pricePerHourUsd":0.526', '"pricePerHourUsd":0.5523')
        .replace('"id":"Standard_NC6s_v3"', '"id":"in-house"'),
    );
  });

  it("lists what changed, came and went, and counts the rest", async () => {
    expect(await prices("diff", file("old.json"), file("changed.json"))).toMatchInlineSnapshot(`
      "┌──────────────────────────┬────────┬───────────┬───────────┬─────────┐
      │ VM type                  │ region │ old USD/h │ new USD/h │ change  │
      ├──────────────────────────┼────────┼───────────┼───────────┼─────────┤
      │ Standard_NC24ads_A100_v4 │ eastus │ 3.673     │ 3.4       │ −7.43 % │
      │ Standard_NC4as_T4_v3     │ eastus │ 0.526     │ 0.5523    │ +5.00 % │
      │ Standard_NC6s_v3         │ eastus │ 3.06      │           │ removed │
      │ in-house                 │ eastus │           │ 3.06      │ added   │
      └──────────────────────────┴────────┴───────────┴───────────┴─────────┘
      1 of 5 prices are unchanged."
    `);
  });

  it("says so when nothing changed", async () => {
    expect(await prices("diff", file("old.json"), file("old.json"))).toBe("4 of 4 prices are unchanged.");
  });

  it("prints as JSON", async () => {
    const { changes } = z
      .object({ changes: z.array(z.looseObject({ kind: z.string() })) })
      .parse(JSON.parse(await prices("diff", "--json", file("old.json"), file("changed.json"))));
    expect(changes.map(({ kind }) => kind)).toEqual(["changed", "changed", "removed", "unchanged", "added"]);
    expect(changes[0]).toEqual({
      kind: "changed",
      vmTypeId: "Standard_NC24ads_A100_v4",
      region: "eastus",
      oldPricePerHourUsd: 3.673,
      newPricePerHourUsd: 3.4,
      changePercent: (100 * (3.4 - 3.673)) / 3.673,
    });
  });

  it("with a file that is no catalogue ends with exit code 2 and names it", async () => {
    writeFileSync(file("free.json"), readFileSync(file("old.json"), "utf8").replace("3.673", "0"));
    expect(await runCli(["prices", "diff", file("old.json"), file("free.json")])).toBe(2);
    expect(errors.join("\n")).toMatch(
      /free\.json cannot be used:\n +\/vmTypes\/0\/pricePerHourUsd: a price must be above 0/,
    );
    expect(await runCli(["prices", "diff", file("old.json"), file("absent.json")])).toBe(2);
    expect(errors.join("\n")).toMatch(/absent\.json.*the file cannot be read/s);
    expect(await runCli(["prices", "diff", file("old.json")])).toBe(2);
    expect(await runCli(["prices"])).toBe(2);
  });
});

describe("berth prices show", () => {
  const written = (name: string, value: unknown): string => {
    writeFileSync(file(name), JSON.stringify(value));
    return file(name);
  };
  const plan = {
    discounts: [{ appliesTo: { kind: "all" }, percent: 10 }],
    reservations: [
      {
        vmTypeId: "Standard_NC24ads_A100_v4",
        region: "eastus",
        nodes: 2,
        pricePerHourUsd: 1.65,
        validUntil: "2027-02-01T00:00:00Z",
      },
    ],
  };
  const calendar = {
    zone: "America/New_York",
    windows: [
      {
        days: ["monday", "tuesday", "wednesday", "thursday", "friday"],
        from: "08:00",
        until: "20:00",
        factor: 1.2,
      },
    ],
    factorOutsideWindows: 0.8,
  };
  beforeAll(async () => {
    const silent = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const words = ["import", "--url", server.url, "--region", "eastus", "--out", file("shown.json")];
    await pricesCommand(webWithoutPauses().web).parseAsync(words, { from: "user" });
    silent.mockRestore();
  });
  const show = (...words: readonly string[]): Promise<string> =>
    prices("show", file("shown.json"), "--region", "eastus", ...words);

  it("prints what one more node costs at a time, and what is paid anyway", async () => {
    const text = await show(
      "--plan",
      written("plan.json", plan),
      "--calendar",
      written("calendar.json", calendar),
      "--at",
      "2027-01-15T10:00:00-05:00",
    );
    // 3.673 · 1.2 · 0.9 = 3.96684; 2 · 1.65 = 3.30.
    expect(text).toMatchInlineSnapshot(`
      "Prices at 2027-01-15T15:00:00Z; they change next at 2027-01-16T01:00:00Z.
      ┌───────────────────────────────────┬────────┬────────────┬─────────────────────┬─────────┐
      │ offer                             │ region │ list USD/h │ one more node USD/h │ at most │
      ├───────────────────────────────────┼────────┼────────────┼─────────────────────┼─────────┤
      │ Standard_NC24ads_A100_v4          │ eastus │ 3.673      │ 3.9668              │         │
      │ Standard_NC24ads_A100_v4:reserved │ eastus │ 3.673      │ 0.0000              │ 2       │
      │ Standard_NC4as_T4_v3              │ eastus │ 0.526      │ 0.5681              │         │
      │ Standard_NC6s_v3                  │ eastus │ 3.06       │ 3.3048              │         │
      │ Standard_NV12ads_A10_v5           │ eastus │ 0.908      │ 0.9806              │         │
      └───────────────────────────────────┴────────┴────────────┴─────────────────────┴─────────┘
      Paid anyway: 3.3000 USD per hour.
        Standard_NC24ads_A100_v4 in eastus: 4.4076 less 10 % = 3.96684 USD per hour
        Standard_NC24ads_A100_v4 in eastus: 2 nodes are paid for, used or not; using one costs nothing more
        Standard_NC4as_T4_v3 in eastus: 0.6312 less 10 % = 0.56808 USD per hour
        Standard_NC6s_v3 in eastus: 3.672 less 10 % = 3.3048 USD per hour
        Standard_NV12ads_A10_v5 in eastus: 1.0896 less 10 % = 0.98064 USD per hour"
    `);
  });

  it("prints list prices of now without rules, and everything as JSON", async () => {
    const offersSchema = z.looseObject({
      at: z.string(),
      offers: z.array(z.looseObject({ id: z.string() })),
    });
    const view = offersSchema.parse(JSON.parse(await show("--json")));
    expect(view.at).toBe("2026-11-21T09:30:00Z");
    expect(view.offers[0]).toEqual({
      id: "Standard_NC24ads_A100_v4",
      vmTypeId: "Standard_NC24ads_A100_v4",
      region: "eastus",
      listPricePerHourUsd: 3.673,
      pricePerHourUsd: 3.673,
      quotaNodes: null,
    });
  });

  it("with a rule that would have no effect, or a calendar that is none, ends with exit code 2", async () => {
    const misspelt = {
      discounts: [{ appliesTo: { kind: "vm-type", vmTypeId: "NC24ads_A100_v4" }, percent: 5 }],
    };
    const words = ["prices", "show", file("shown.json"), "--region", "eastus"];
    expect(await runCli([...words, "--plan", written("bad.json", misspelt)])).toBe(2);
    expect(errors.join("\n")).toMatch(
      /bad\.json cannot be used:\n +\/discounts\/0\/appliesTo\/vmTypeId: .*no effect/,
    );
    expect(await runCli([...words, "--calendar", written("bad2.json", { ...calendar, zone: "Rome" })])).toBe(
      2,
    );
    expect(errors.join("\n")).toMatch(/\/zone: is not an IANA time zone; found "Rome"/);
    expect(await runCli([...words, "--at", "yesterday"])).toBe(2);
  });
});
