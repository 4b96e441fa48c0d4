/**
 * Prints the tables of docs/performance-models.md, or puts them between its markers and writes docs/performance/plots.
 *   npx tsx tools/fits/report.ts [--data ../shared/data] [--write]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { loadFits } from "../../src/catalog/load-fits.ts";
import { loadGpus } from "../../src/catalog/load-gpus.ts";
import type { ReportInput } from "./report-input.ts";
import { reportPlots } from "./report-plots.ts";
import { reportTables } from "./report-tables.ts";

const START = "<!-- tables: written by tools/fits/report.ts -->";
const END = "<!-- end of tables -->";

const root = resolve(import.meta.dirname, "..", "..");
const { values } = parseArgs({ options: { data: { type: "string" }, write: { type: "boolean" } } });
const input: ReportInput = {
  dataFolder: resolve(values.data ?? join(root, "..", "shared", "data")),
  fits: loadFits(join(root, "models", "fits")),
  gpus: loadGpus(join(root, "models", "gpus.json")),
};
const tables = reportTables(input);
if (values.write === true) {
  const page = join(root, "docs", "performance-models.md");
  const text = readFileSync(page, "utf8");
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/performance-models.md lacks "${START}" or "${END}".`);
  const written = `${before}${START}\n\n${tables}\n\n${END}${after}`;
  writeFileSync(page, await format(written, { parser: "markdown", printWidth: 110 }));
  const folder = join(root, "docs", "performance", "plots");
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of reportPlots(input)) writeFileSync(join(folder, name), svg);
} else {
  console.log(tables);
}
