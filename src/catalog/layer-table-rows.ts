/**
 * Rows of a layer table as summary tools print it: torchsummary ("Conv2d-1  [-1, 64, 55, 55]  23,296"), torchinfo
 * ("├─Conv2d: 2-1  [1, 64, 55, 55]  23,296") and Keras ("conv1 (Conv2D)  (None, 55, 55, 64)  23,296").
 */

/** One line of the table. */
export interface LayerTableRow {
  /** Line of the text, the first being 1. */
  readonly line: number;
  /** Module type as printed, for example "Conv2d". */
  readonly type: string;
  readonly name: string;
  /** Shape written by one sample, in the table's order; undefined where it is not printed ("multiple"). */
  readonly output: readonly number[] | undefined;
  /** Shape read, where the table has that column. */
  readonly input: readonly number[] | undefined;
  /** Sizes of the kernel, where the table has that column. */
  readonly kernel: readonly number[] | undefined;
  /** Learned and running numbers; 0 where the table prints "--". */
  readonly parameters: number;
  /** Names in Keras' column "Connected to". */
  readonly connectedTo: readonly string[];
}

/** A table: its rows that are layers by themselves (containers are left out), and whose order of axes it has. */
export interface LayerTable {
  readonly style: "torch" | "keras";
  readonly rows: readonly LayerTableRow[];
}

const SHAPE = /[[(]\s*(?:(?:-?\d+|None|\?)\s*(?:,\s*|(?=[\])])))+[\])]/g;
const TORCH_NUMBERED = /^[\s│├└─|+:-]*([A-Za-z_]\w*)(?:\s*\(([^)]*)\))?\s*:\s*(\d+)-(\d+)/;
const TORCH_PLAIN = /^\s*([A-Za-z_]\w*)-(\d+)\s/;
const KERAS = /^[\s│┃|]*([\w./:-]+)\s*\(([A-Za-z_]\w*)\)?/;
const COUNT = /(?:^|[\s│┃|])(\d{1,3}(?:,\d{3})+|\d+|--)(?=[\s│┃|]|$)/;

interface Row extends LayerTableRow {
  readonly depth: number;
}

/** Reads the rows of a text; lines that are none (rules, headings, totals) are passed over. */
export function layerTableRows(text: string): LayerTable {
  const lines = text.split(/\r?\n/);
  const columns = shapeColumns(lines.find((line) => /Output Shape/i.test(line)) ?? "Output Shape");
  const rows = lines.flatMap((line, index) => {
    const row = rowOf(line, index + 1, columns);
    return row === undefined ? [] : [row];
  });
  // A line with deeper ones below it is a container: its layers follow.
  const leaves = rows.filter((row, index) => (rows[index + 1]?.depth ?? 0) <= row.depth);
  const style = lines.some((line) => KERAS.test(line) && /\(None/.test(line)) ? "keras" : "torch";
  return { style, rows: leaves };
}

type ShapeColumn = "input" | "output" | "kernel";

/** Columns of shapes in the order of the heading. */
function shapeColumns(heading: string): readonly ShapeColumn[] {
  const places: readonly (readonly [ShapeColumn, number])[] = [
    ["input", heading.search(/Input Shape/i)],
    ["output", heading.search(/Output Shape/i)],
    ["kernel", heading.search(/Kernel Shape/i)],
  ];
  return places
    .filter(([, place]) => place !== -1)
    .sort(([, one], [, other]) => one - other)
    .map(([column]) => column);
}

function rowOf(line: string, number: number, columns: readonly ShapeColumn[]): Row | undefined {
  const label = labelOf(line);
  if (label === undefined) return undefined;
  const rest = line.slice(label.end);
  const shapes = [...rest.matchAll(SHAPE)];
  const values = new Map<ShapeColumn, readonly number[]>();
  columns.forEach((column, index) => {
    const found = shapes[index]?.[0];
    if (found === undefined) return;
    const sizes = found
      .slice(1, -1)
      .split(",")
      .map((size) => size.trim())
      .filter((size) => size !== "");
    // The first size is the batch, whatever is printed for it; kernels have none.
    values.set(column, (column === "kernel" ? sizes : sizes.slice(1)).map(Number));
  });
  const [firstShape] = shapes;
  // The count stands after the first shape, before or after the others.
  const tail = firstShape === undefined ? rest : rest.slice(firstShape.index).replace(SHAPE, " ");
  const count = COUNT.exec(tail);
  if (count === null && values.size === 0) return undefined;
  return {
    line: number,
    type: label.type,
    name: label.name,
    depth: label.depth,
    output: values.get("output"),
    input: values.get("input"),
    kernel: values.get("kernel"),
    parameters: Number((count?.[1] ?? "0").replaceAll(",", "").replace("--", "0")),
    connectedTo: rest.match(/[A-Za-z_][\w./-]*(?=\[\d+\])/g) ?? [],
  };
}

interface Label {
  readonly type: string;
  readonly name: string;
  readonly depth: number;
  readonly end: number;
}

function labelOf(line: string): Label | undefined {
  const numbered = TORCH_NUMBERED.exec(line);
  if (numbered !== null) {
    const [all, type = "", variable = "", depth = "", position = ""] = numbered;
    const name = `${variable === "" ? type.toLowerCase() : variable}.${depth}-${position}`;
    return { type, name, depth: Number(depth), end: all.length };
  }
  const plain = TORCH_PLAIN.exec(line);
  if (plain !== null) {
    const [all, type = "", position = ""] = plain;
    return { type, name: `${type.toLowerCase()}-${position}`, depth: 0, end: all.length };
  }
  const keras = KERAS.exec(line);
  if (keras === null) return undefined;
  const [all, name = "", type = ""] = keras;
  return { type, name, depth: 0, end: all.length };
}
