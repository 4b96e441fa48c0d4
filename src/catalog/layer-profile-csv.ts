/** Layer profiles: the CSV that users bring, documented in docs/layer-profile.md. Every problem is named by row and column, all at once. */
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { millisecondsToSeconds } from "../domain/units.ts";
import type { Layer, Shape } from "../performance/network.ts";
import { InvalidInput, type InputProblem } from "./input-problem.ts";
import { COMPUTING_KINDS, isProfileKind, PROFILE_KINDS, type ProfileKind } from "./layer-profile-kinds.ts";
import { profileLayer, type ProfileCells } from "./layer-profile-layer.ts";
import { readTextFile } from "./read-text-file.ts";

/** Columns of the header, in the documented order; a file may have them in any order. */
export const LAYER_PROFILE_COLUMNS = [
  "network",
  "batch",
  "layer",
  "kind",
  "input",
  "output",
  "kernel",
  "stride",
  "pad",
  "groups",
  "forwardMilliseconds",
  "backwardMilliseconds",
] as const;
export type LayerProfileColumn = (typeof LAYER_PROFILE_COLUMNS)[number];

/** One usable row. */
export interface LayerProfileRow {
  /** Line in the file; the header is line 1. */
  readonly line: number;
  readonly network: string;
  readonly batchSize: number;
  readonly kind: ProfileKind;
  readonly layer: Layer;
  /** Of the batch; undefined where the cell is blank. */
  readonly forwardSeconds: number | undefined;
  readonly backwardSeconds: number | undefined;
}

/** A row left out because its kind is unknown, with --skip-unknown. */
export interface SkippedProfileRow {
  readonly line: number;
  readonly network: string;
  readonly layer: string;
  readonly reason: string;
}

export interface LayerProfile {
  readonly source: string;
  readonly rows: readonly LayerProfileRow[];
  readonly skipped: readonly SkippedProfileRow[];
}

/** How to read a profile. */
export interface LayerProfileOptions {
  /** "required": every row needs a forward time, as for calibrating; "optional": as for a network to estimate. */
  readonly times: "required" | "optional";
  readonly unknownKinds: "refuse" | "skip";
}

/** No layer takes three hours for one batch; such a number has another unit. */
const MAX_MILLISECONDS = 1e7;
const MAX_BATCH = 1e7;

/** Reads a profile; throws InvalidInput with every problem of the file. */
export function loadLayerProfile(path: string, options: LayerProfileOptions): LayerProfile {
  return parseLayerProfile(readTextFile(path), path, options);
}

/** Parses the text of a profile; `source` names it in problems. */
export function parseLayerProfile(text: string, source: string, options: LayerProfileOptions): LayerProfile {
  const records = readRecords(text, source);
  const headerProblems = problemsOfHeader(records.header);
  if (headerProblems.length > 0) throw new InvalidInput(source, headerProblems);
  if (records.rows.length === 0) {
    throw new InvalidInput(source, [
      { path: "row 2", value: undefined, message: "there is no row", fix: "Give one row for each layer." },
    ]);
  }
  const problems: InputProblem[] = [];
  const rows: LayerProfileRow[] = [];
  const skipped: SkippedProfileRow[] = [];
  const inputShapes = new Map<string, Shape>();
  const lastLayers = new Map<string, string>();
  for (const { line, cells } of records.rows) {
    const reader = rowReader(line, cells, records.header);
    const key = `${reader.cell("network")} ${reader.cell("batch")}`;
    const read = readRow(reader, options, {
      networkInput: inputShapes.get(key),
      previous: lastLayers.get(key),
    });
    problems.push(...read.problems);
    if (read.skipped !== undefined) skipped.push(read.skipped);
    if (read.row === undefined) continue;
    rows.push(read.row);
    const { layer, kind } = read.row;
    if (!inputShapes.has(key)) inputShapes.set(key, kind === "input" ? layer.output : layer.input);
    if (kind !== "input") lastLayers.set(key, layer.name);
  }
  if (problems.length > 0) throw new InvalidInput(source, problems);
  return { source, rows, skipped };
}

/** What csv-parse answers with `info`; its types do not say so. */
const recordsSchema = z.array(
  z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) }),
);

interface RawRow {
  readonly line: number;
  readonly cells: readonly string[];
}

function readRecords(
  text: string,
  source: string,
): { readonly header: readonly string[]; readonly rows: readonly RawRow[] } {
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      skip_empty_lines: true,
      trim: true,
      info: true,
      relax_column_count: true,
    });
    const records = recordsSchema.parse(parsed);
    const [header, ...rows] = records;
    return {
      header: header?.record ?? [],
      rows: rows.map(({ record, info }) => ({ line: info.lines, cells: record })),
    };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new InvalidInput(source, [
      { path: "", value: undefined, message: `it is not CSV (${error.message})`, fix: "Correct the quotes." },
    ]);
  }
}

function problemsOfHeader(header: readonly string[]): readonly InputProblem[] {
  const missing = LAYER_PROFILE_COLUMNS.filter((column) => !header.includes(column)).map((column) => ({
    path: `row 1, column ${column}`,
    value: undefined,
    message: "the header has no such column",
    fix: `Give the header ${LAYER_PROFILE_COLUMNS.join(",")}; a column may be blank in every row.`,
  }));
  const repeated = header.filter((name, index) => name !== "" && header.indexOf(name) !== index);
  const twice = [...new Set(repeated)].map((column) => ({
    path: `row 1, column ${column}`,
    value: column,
    message: "the header has this column twice",
    fix: "Remove one of the two.",
  }));
  return [...missing, ...twice];
}

interface RowReader {
  readonly line: number;
  readonly cell: (column: LayerProfileColumn) => string;
  readonly problem: (column: LayerProfileColumn, message: string, fix: string) => InputProblem;
  readonly lengthProblem: InputProblem | undefined;
}

function rowReader(line: number, cells: readonly string[], header: readonly string[]): RowReader {
  const cell = (column: LayerProfileColumn): string => cells[header.indexOf(column)] ?? "";
  return {
    line,
    cell,
    problem: (column, message, fix) => ({
      path: `row ${line}, column ${column}`,
      value: cell(column) === "" ? undefined : cell(column),
      message,
      fix,
    }),
    lengthProblem:
      cells.length === header.length
        ? undefined
        : {
            path: `row ${line}`,
            value: cells.join(","),
            message: `it has ${cells.length} cells, the header has ${header.length}`,
            fix: "Give one cell for each column, blank where it does not apply.",
          },
  };
}

interface RowResult {
  readonly row?: LayerProfileRow;
  readonly skipped?: SkippedProfileRow;
  readonly problems: readonly InputProblem[];
}

interface Surroundings {
  /** Shape that the network's first row reads; undefined in the first row. */
  readonly networkInput: Shape | undefined;
  readonly previous: string | undefined;
}

function readRow(reader: RowReader, options: LayerProfileOptions, surroundings: Surroundings): RowResult {
  if (reader.lengthProblem !== undefined) return { problems: [reader.lengthProblem] };
  const { cell, problem, line } = reader;
  const kind = cell("kind");
  if (!isProfileKind(kind)) {
    if (options.unknownKinds === "skip" && kind !== "") {
      const reason = `unknown kind "${kind}"`;
      return { skipped: { line, network: cell("network"), layer: cell("layer"), reason }, problems: [] };
    }
    const known = `Use one of: ${PROFILE_KINDS.join(", ")}; or leave such rows out with --skip-unknown.`;
    return {
      problems: [problem("kind", kind === "" ? "the kind is blank" : "this kind is not known", known)],
    };
  }
  const problems: InputProblem[] = [];
  for (const column of ["network", "layer"] as const) {
    if (cell(column) === "") problems.push(problem(column, `the ${column} is blank`, "Give its name."));
  }
  const batchSize = Number(cell("batch"));
  if (cell("batch") === "" || !Number.isInteger(batchSize) || batchSize < 1 || batchSize > MAX_BATCH) {
    problems.push(
      problem("batch", "is not a whole number of samples", "Give the samples of one batch, 1 or more."),
    );
  }
  const forward = readMilliseconds(reader, "forwardMilliseconds", kind);
  const backward = readMilliseconds(reader, "backwardMilliseconds", kind);
  problems.push(...forward.problems, ...backward.problems);
  if (options.times === "required" && cell("forwardMilliseconds") === "") {
    problems.push(
      problem(
        "forwardMilliseconds",
        "the time is blank",
        "Give measured milliseconds per batch, or leave the row out.",
      ),
    );
  }
  const cells: ProfileCells = { kind, cell, problem, ...surroundings };
  const { layer, problems: layerProblems } = profileLayer(cells);
  problems.push(...layerProblems);
  if (problems.length > 0 || layer === undefined) return { problems };
  return {
    row: {
      line,
      network: cell("network"),
      batchSize,
      kind,
      layer,
      forwardSeconds: forward.seconds,
      backwardSeconds: backward.seconds,
    },
    problems,
  };
}

function readMilliseconds(
  { cell, problem }: RowReader,
  column: "forwardMilliseconds" | "backwardMilliseconds",
  kind: ProfileKind,
): { readonly seconds: number | undefined; readonly problems: readonly InputProblem[] } {
  const text = cell(column);
  if (text === "") return { seconds: undefined, problems: [] };
  const value = Number(text);
  const fix = "Give milliseconds per batch as a plain number with a decimal point, such as 3.25.";
  const refuse = (message: string, mend = fix): ReturnType<typeof readMilliseconds> => ({
    seconds: undefined,
    problems: [problem(column, message, mend)],
  });
  if (/^[-+]?[\d.]+\s*(?:e[-+]?\d+)?\s*[a-zµμ]+$/i.test(text) && Number.isNaN(value)) {
    return refuse("the number has a unit");
  }
  if (!Number.isFinite(value)) return refuse("is not a number");
  if (value < 0) return refuse("a time cannot be negative");
  if (value > MAX_MILLISECONDS) return refuse(`is more than ${MAX_MILLISECONDS} ms for one layer and batch`);
  if (value === 0 && COMPUTING_KINDS.has(kind)) {
    return refuse(
      `a ${kind} layer computes and cannot take 0 ms`,
      "Give more digits, or leave the cell blank where it was not measured.",
    );
  }
  return { seconds: millisecondsToSeconds(value), problems: [] };
}
