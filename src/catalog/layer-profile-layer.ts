/** One row of a layer profile as a layer: shapes, windows and what follows from them. */
import { assertNever } from "../domain/assert-never.ts";
import type { Layer, Pair, Shape } from "../performance/network.ts";
import { elementCount } from "../performance/shape.ts";
import { windowPositions } from "../performance/window-positions.ts";
import type { InputProblem } from "./input-problem.ts";
import type { LayerProfileColumn } from "./layer-profile-csv.ts";
import type { ProfileKind } from "./layer-profile-kinds.ts";

/** The cells of a row, and what stands before it. */
export interface ProfileCells {
  readonly kind: ProfileKind;
  readonly cell: (column: LayerProfileColumn) => string;
  readonly problem: (column: LayerProfileColumn, message: string, fix: string) => InputProblem;
  /** Shape that the network's first row reads; undefined in the first row. */
  readonly networkInput: Shape | undefined;
  /** Layer of the row before, of the same network and batch. */
  readonly previous: string | undefined;
}

export interface ProfileLayerResult {
  readonly layer: Layer | undefined;
  readonly problems: readonly InputProblem[];
}

const MAX_SIZE = 1e7;
/** A convolution of so few channels that has the shape of the network's input reads it, wherever its row stands. */
const MAX_IMAGE_CHANNELS = 4;
/** Cells of a local response normalisation where a row says only "norm" and a window. */
const NETWORK_INPUT = "input";

/** The layer of a row, or what is wrong with its shapes. */
export function profileLayer(cells: ProfileCells): ProfileLayerResult {
  const { kind, cell, problem } = cells;
  const problems: InputProblem[] = [];
  const output = readShape(cells, "output");
  const input = cell("input") === "" && !needsInput(kind) ? output : readShape(cells, "input");
  if (output === undefined && !(kind === "loss" && cell("output") === "")) {
    problems.push(shapeProblem(cells, "output"));
  }
  if (input === undefined && (needsInput(kind) || cell("input") !== ""))
    problems.push(shapeProblem(cells, "input"));
  if (problems.length > 0 || input === undefined) return { layer: undefined, problems };
  const shaped: Shaped = { cells, input, output: output ?? [1], base: baseOf(cells, input, output ?? [1]) };
  if (kind === "conv" || kind === "pool") return windowLayer(shaped, kind);
  const sameSize =
    kind === "relu" || kind === "activation" || kind === "softmax" || kind === "dropout" || kind === "norm";
  if (sameSize && elementCount(input) !== elementCount(shaped.output)) {
    return {
      layer: undefined,
      problems: [
        problem("output", `a ${kind} layer writes as many numbers as it reads`, `Give ${cell("input")}.`),
      ],
    };
  }
  return { layer: plainLayer(shaped, kind), problems };
}

interface Shaped {
  readonly cells: ProfileCells;
  readonly input: Shape;
  readonly output: Shape;
  readonly base: Pick<Layer, "name" | "inputs" | "input" | "output">;
}

function baseOf(
  { cell, networkInput, previous, kind }: ProfileCells,
  input: Shape,
  output: Shape,
): Shaped["base"] {
  const readsImage =
    kind === "conv" &&
    (input[0] ?? 0) <= MAX_IMAGE_CHANNELS &&
    networkInput !== undefined &&
    networkInput.join() === input.join();
  const reads = previous === undefined || readsImage ? NETWORK_INPUT : previous;
  const inputs =
    kind === "add" || kind === "concat"
      ? [reads, reads]
      : kind === "attention"
        ? [reads, reads, reads]
        : [reads];
  return { name: cell("layer"), inputs, input, output };
}

/** Kinds whose work does not follow from the output alone. */
function needsInput(kind: ProfileKind): boolean {
  return kind === "conv" || kind === "fc" || kind === "pool" || kind === "loss" || kind === "recurrent";
}

function readShape({ cell }: ProfileCells, column: "input" | "output"): Shape | undefined {
  const text = cell(column);
  if (!/^\d+(?:x\d+){0,2}$/.test(text)) return undefined;
  const shape = text.split("x").map(Number);
  return shape.every((size) => size >= 1 && size <= MAX_SIZE) ? shape : undefined;
}

function shapeProblem({ cell, problem }: ProfileCells, column: "input" | "output"): InputProblem {
  const hint = /^\d+(?:x\d+){3}$/.test(cell(column)) ? " Leave the batch out of the shape." : "";
  return problem(
    column,
    cell(column) === "" ? "the shape is blank" : "is not a shape",
    `Give CxHxW such as 64x56x56, steps and features such as 128x768, or a number of features.${hint}`,
  );
}

/** "3" or "3x5" (height, width); undefined when it is neither. */
function readPair(text: string, blank: number | undefined, least: number): Pair | undefined {
  if (text === "") return blank === undefined ? undefined : [blank, blank];
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  const height = Number(match?.[1]);
  const width = Number(match?.[2] ?? match?.[1]);
  return match !== null && height >= least && width >= least && Math.max(height, width) <= MAX_SIZE
    ? [height, width]
    : undefined;
}

function windowLayer({ cells, input, output, base }: Shaped, kind: "conv" | "pool"): ProfileLayerResult {
  const { cell, problem } = cells;
  if (input.length !== 3 || output.length !== 3) {
    const column = input.length === 3 ? "output" : "input";
    return {
      layer: undefined,
      problems: [problem(column, `a ${kind} layer reads and writes images`, "Give CxHxW, such as 64x56x56.")],
    };
  }
  const global = kind === "pool" && cell("kernel") === "";
  const kernel = global ? spread(input, output, Math.ceil) : readPair(cell("kernel"), undefined, 1);
  const stride = global ? spread(input, output, Math.floor) : readPair(cell("stride"), 1, 1);
  const pad = readPair(cell("pad"), 0, 0);
  const groups = cell("groups") === "" ? 1 : Number(cell("groups"));
  const problems: InputProblem[] = [];
  const size = (column: LayerProfileColumn, least: number): InputProblem =>
    problem(
      column,
      cell(column) === "" ? "is blank" : "is not a size",
      `Give a whole number of at least ${least}, or HxW.`,
    );
  if (kernel === undefined) problems.push(size("kernel", 1));
  if (stride === undefined) problems.push(size("stride", 1));
  if (pad === undefined) problems.push(size("pad", 0));
  const dividing = kind === "conv" ? [input[0] ?? 1, output[0] ?? 1] : [];
  if (!Number.isInteger(groups) || groups < 1 || dividing.some((channels) => channels % groups !== 0)) {
    problems.push(
      problem("groups", "does not divide the channels read and written", "Give a common divisor of both."),
    );
  }
  if (kernel === undefined || stride === undefined || pad === undefined || problems.length > 0) {
    return { layer: undefined, problems };
  }
  if (!global) problems.push(...outputProblems({ cells, input, output, kernel, stride, pad }));
  if (kind === "pool" && input[0] !== output[0]) {
    problems.push(problem("output", "pooling keeps the channels", `Give ${String(input[0])} channels.`));
  }
  if (problems.length > 0) return { layer: undefined, problems };
  const padding = [pad[0], pad[1], pad[0], pad[1]] as const;
  return {
    layer:
      kind === "conv"
        ? { ...base, kind, kernel, stride, padding, groups, bias: true }
        : { ...base, kind, mode: "max", kernel, stride, padding },
    problems,
  };
}

/** Windows of a pooling that is given by its output alone: global, or adaptive. */
function spread(input: Shape, output: Shape, round: (ratio: number) => number): Pair {
  const along = (axis: number): number => Math.max(1, round((input[axis] ?? 1) / (output[axis] ?? 1)));
  return [along(1), along(2)];
}

interface WindowRow {
  readonly cells: ProfileCells;
  readonly input: Shape;
  readonly output: Shape;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: Pair;
}

/** The output must follow from input, kernel, stride and pad with the last window left out (floor) or kept (ceil). */
function outputProblems({ cells, input, output, kernel, stride, pad }: WindowRow): readonly InputProblem[] {
  const possible = ([0, 1] as const).map((axis) => {
    const window = {
      size: input[axis + 1] ?? 1,
      kernel: kernel[axis],
      stride: stride[axis],
      paddingBefore: pad[axis],
      paddingAfter: pad[axis],
    };
    const plainCeil = Math.ceil((window.size + 2 * pad[axis] - window.kernel) / window.stride) + 1;
    return new Set([windowPositions(window, "floor"), windowPositions(window, "ceil"), plainCeil]);
  });
  const fits = possible.every((sizes, axis) => sizes.has(output[axis + 1] ?? 0));
  if (fits) return [];
  const wanted = possible.map((sizes) => [...sizes].filter((size) => size > 0).join(" or ")).join(" by ");
  return [
    cells.problem(
      "output",
      `kernel, stride and pad give ${wanted === " by " ? "no position at all" : wanted} positions, under floor and ceil rounding`,
      "Correct the shape, or kernel, stride and pad.",
    ),
  ];
}

function plainLayer(
  { cells, input, output, base }: Shaped,
  kind: Exclude<ProfileKind, "conv" | "pool">,
): Layer {
  const number = (column: LayerProfileColumn, otherwise: number): number => {
    const value = Number(cells.cell(column));
    return cells.cell(column) !== "" && Number.isInteger(value) && value >= 1 ? value : otherwise;
  };
  switch (kind) {
    case "fc":
      return { ...base, kind: "fc", bias: true };
    case "relu":
    case "dropout":
    case "add":
      return { ...base, kind };
    case "concat":
      return { ...base, kind, input: output };
    case "loss":
      return { ...base, kind, output: [1] };
    case "activation":
      return { ...base, kind, function: "sigmoid" };
    case "softmax":
      return { ...base, kind: "activation", function: "softmax" };
    case "norm": {
      const window = number("kernel", 1);
      return { ...base, kind, variant: window > 1 ? "local-response" : "batch", window };
    }
    case "split":
      return { ...base, kind: "copy", operator: "split" };
    case "embedding":
      return { ...base, kind, vocabulary: 1 };
    case "recurrent":
      return { ...base, kind, cell: "lstm", hidden: output.at(-1) ?? 1, directions: 1, bias: true };
    case "attention":
      return { ...base, kind, input: input.length === 2 ? input : output, heads: number("groups", 1) };
    case "reshape":
    case "input":
      return { ...base, kind: "reshape" };
    default:
      return assertNever(kind);
  }
}
