/** Rows as CSV (RFC 4180) with a header. Empty cells are unknown or do not apply. */

/** What a cell holds; null is empty. */
export type CsvCell = string | number | boolean | null;
/** Cells by their heads. */
export type CsvRow = Readonly<Record<string, CsvCell>>;

/** The text; without heads those of the first row. */
export function csvText(
  rows: readonly CsvRow[],
  heads: readonly string[] = Object.keys(rows[0] ?? {}),
): string {
  const lines = [heads, ...rows.map((row) => heads.map((head) => row[head] ?? null))];
  return lines.map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: CsvCell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
