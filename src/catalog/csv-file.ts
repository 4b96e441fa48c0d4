/** CSV files from outside, read with csv-parse; every problem names its row and column. */
import { CsvError, parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import type { InputProblem } from "./input-problem.ts";
import { InvalidInput } from "./input-problem.ts";

/** Problems listed at most for one file: a wrong column is wrong in every row. */
const MAX_PROBLEMS = 20;

/** One row; `text` and `number` note a problem and answer "" or NaN when the cell cannot be used. */
export interface CsvRow {
  /** Line of the file, the header being line 1, blank lines included. */
  readonly line: number;
  readonly text: (column: string) => string;
  /** A number that is at least `least`. */
  readonly number: (column: string, least: number) => number;
  /** A whole number that is at least `least`. */
  readonly wholeNumber: (column: string, least: number) => number;
  /** Notes a problem of this row that only its reader can see. */
  readonly problem: (column: string, args: { readonly message: string; readonly fix: string }) => void;
}

/** A CSV file with all the columns asked for. Call `check` once the rows are read: it throws when a problem was noted. */
export interface CsvFile {
  readonly rows: readonly CsvRow[];
  readonly check: () => void;
}

interface Cells {
  readonly record: Readonly<Record<string, string>>;
  readonly line: number;
}

/** Reads a CSV file with a header; throws InvalidInput when it is absent, no CSV, or lacks a column. */
export function readCsvFile(path: string, columns: readonly string[]): CsvFile {
  const cells = readCells(path);
  const first = cells[0];
  const absent = first === undefined ? [] : columns.filter((column) => !Object.hasOwn(first.record, column));
  if (absent.length > 0) {
    throw new InvalidInput(
      path,
      absent.map((column) => ({
        path: `row 1, column ${column}`,
        value: undefined,
        message: "the header has no such column",
        fix: `Give the columns ${columns.join(", ")}; others are ignored.`,
      })),
    );
  }
  const problems: InputProblem[] = [];
  return {
    rows: cells.map((row) => csvRow(row, problems)),
    check: () => {
      if (problems.length > 0) throw new InvalidInput(path, problems.slice(0, MAX_PROBLEMS));
    },
  };
}

function csvRow({ record, line }: Cells, problems: InputProblem[]): CsvRow {
  const text = (column: string): string => record[column]?.trim() ?? "";
  const problem: CsvRow["problem"] = (column, { message, fix }) => {
    problems.push({ path: `row ${line}, column ${column}`, value: record[column], message, fix });
  };
  const number = (column: string, least: number): number => {
    const value = Number(text(column));
    if (text(column) !== "" && Number.isFinite(value) && value >= least) return value;
    problem(column, {
      message: `is not a number of at least ${least}`,
      fix: `Give a number of at least ${least} with a decimal point.`,
    });
    return NaN;
  };
  return {
    line,
    problem,
    number,
    text: (column) => {
      if (text(column) === "") problem(column, { message: "is empty", fix: "Fill it in." });
      return text(column);
    },
    wholeNumber: (column, least) => {
      const value = number(column, least);
      if (Number.isNaN(value) || Number.isInteger(value)) return value;
      problem(column, { message: "is not a whole number", fix: "Give a whole number." });
      return NaN;
    },
  };
}

function readCells(path: string): readonly Cells[] {
  try {
    const rows: readonly {
      readonly record: Readonly<Record<string, string>>;
      readonly info: { readonly lines: number };
    }[] = parse(readFileSync(path, "utf8"), { columns: true, bom: true, skip_empty_lines: true, info: true });
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isCsv = error instanceof CsvError;
    throw new InvalidInput(path, [
      {
        path: "",
        value: path,
        message: isCsv ? `it is not CSV (${message})` : `the file cannot be read (${message})`,
        fix: isCsv
          ? "Give each row as many cells as the header has."
          : "Check its name and your permission to read it.",
      },
    ]);
  }
}
