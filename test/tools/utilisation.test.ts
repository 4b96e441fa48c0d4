import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { utilisationPage, utilisationResults } from "../../tools/utilisation/report.ts";
import { readKaceRows, readOrionRows } from "../../tools/utilisation/utilisation-rows.ts";

const repository = join(import.meta.dirname, "..", "..");
const dataFolder = join(repository, "..", "shared", "data");
const absent = !existsSync(dataFolder);
if (absent)
  console.warn("The measured data (../shared/data) is absent: utilisation is not checked against it.");

describe.skipIf(absent)("utilisation and the co-location data", () => {
  it("has 15 runs of KACE and 10 of Orion, of four networks each", () => {
    for (const [rows, count] of [
      [readKaceRows(dataFolder), 15],
      [readOrionRows(dataFolder), 10],
    ] as const) {
      expect(rows).toHaveLength(count);
      expect(new Set(rows.map(({ network }) => network)).size).toBe(4);
      for (const { utilisationPercent } of rows) {
        expect(utilisationPercent).toBeGreaterThan(0);
        expect(utilisationPercent).toBeLessThanOrEqual(100);
      }
    }
  });

  it("is too thin: on KACE no regressor beats a constant on networks left out", () => {
    const kace = utilisationResults(dataFolder).filter(({ data }) => data.name.startsWith("KACE"));
    const of = (regressor: string): number =>
      kace.find((result) => result.regressor === regressor)?.networksOut ?? NaN;
    expect(of("linear")).toBeGreaterThan(of("constant"));
    expect(of("forest")).toBeGreaterThan(of("constant"));
  });

  it("has the page that the script gives", async () => {
    const page = readFileSync(join(repository, "docs", "performance", "utilisation.md"), "utf8");
    expect(page).toBe(await utilisationPage(dataFolder));
  });
});
