import Table from "cli-table3";

/** A table without colours whose columns are aligned as their heads say. */
export function alignedTable(
  heads: readonly (readonly [string, "left" | "right"])[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: heads.map(([head]) => head),
    colAligns: heads.map(([, align]) => align),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
