import { readFileSync } from "node:fs";

/** One row of a CSV file; `text` and `number` fail with the file, the line and the column when a value is unusable. */
export interface CsvRow {
  readonly text: (column: string) => string;
  readonly number: (column: string) => number;
  readonly isEmpty: (column: string) => boolean;
}

/** Reads a CSV file with a header and no quoted fields, as the measured data has. */
export function readCsv(path: string): readonly CsvRow[] {
  const [header = "", ...lines] = readFileSync(path, "utf8")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  const columns = new Map(header.split(",").map((name, index) => [name, index]));
  return lines.map((line, index) => {
    const values = line.split(",");
    const text = (column: string): string => {
      const value = values[columns.get(column) ?? -1];
      if (value === undefined) throw new Error(`${path}, line ${index + 2}: no column "${column}".`);
      return value;
    };
    const number = (column: string): number => {
      const value = Number(text(column));
      if (text(column) === "" || !Number.isFinite(value)) {
        throw new Error(`${path}, line ${index + 2}: "${column}" is "${text(column)}", not a number.`);
      }
      return value;
    };
    return { text, number, isEmpty: (column) => text(column) === "" };
  });
}
