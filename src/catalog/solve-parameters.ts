/** Kernel, groups and bias of a layer from its number of parameters, where only one combination gives it. */

/** What a table says of a convolution. */
export interface ConvNumbers {
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: number;
  /** Larger kernels do not fit the padded image. */
  readonly largestKernel: number;
}

/** A combination that has the parameters. */
export interface ConvSolution {
  readonly kernel: number;
  readonly groups: number;
  readonly bias: boolean;
}

/** Sides of square kernels that networks use. */
const KERNELS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 16, 31, 32];

/**
 * All combinations with k² · (inputs / groups) · outputs (+ outputs with a bias) parameters. One without groups, or failing
 * that a depthwise one, goes before the others: groups are seldom, and k and 2k with a quarter as wide groups have equally many.
 */
export function convSolutions({
  inputs,
  outputs,
  parameters,
  largestKernel,
}: ConvNumbers): readonly ConvSolution[] {
  const groupings = divisors(inputs).filter((groups) => outputs % groups === 0);
  const all = [false, true].flatMap((bias) =>
    groupings.flatMap((groups) => {
      const square = (parameters - (bias ? outputs : 0)) / ((inputs / groups) * outputs);
      const kernel = KERNELS.find((side) => side ** 2 === square && side <= largestKernel);
      return kernel === undefined ? [] : [{ kernel, groups, bias }];
    }),
  );
  const plain = all.filter(({ groups }) => groups === 1);
  if (plain.length > 0) return plain;
  const depthwise = all.filter(({ groups }) => groups === inputs);
  return depthwise.length > 0 ? depthwise : all;
}

/** Whether a fully connected layer of these sizes has a bias; undefined where its parameters fit neither. */
export function fcBias(inputs: number, outputs: number, parameters: number): boolean | undefined {
  if (parameters === inputs * outputs) return false;
  return parameters === (inputs + 1) * outputs ? true : undefined;
}

/** Hidden units, directions and bias of one recurrent layer. */
export interface RecurrentNumbers {
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: number;
  readonly gates: number;
}

/** Directions and biases per gate that give the parameters; two directions are joined in the output. */
export function recurrentSolutions({ inputs, outputs, parameters, gates }: RecurrentNumbers): readonly {
  readonly directions: 1 | 2;
  readonly biases: number;
}[] {
  return ([1, 2] as const).flatMap((directions) => {
    const hidden = outputs / directions;
    return [0, 1, 2]
      .filter((biases) => directions * gates * hidden * (inputs + hidden + biases) === parameters)
      .map((biases) => ({ directions, biases }));
  });
}

/** Stride and padding along one axis with which a window has as many places; any will do, as no count depends on them. */
export function windowThatFits(
  size: number,
  places: number,
  kernel: number,
): { readonly stride: number; readonly before: number; readonly after: number } | undefined {
  const strides = [Math.round(size / places), Math.floor(size / places), Math.ceil(size / places), 1];
  for (const stride of strides.filter((value) => value >= 1)) {
    const padding = Math.max(0, (places - 1) * stride + kernel - size);
    // Floor rounding leaves out up to a stride's worth of elements.
    const left = size + padding - ((places - 1) * stride + kernel);
    if (padding <= 2 * (kernel - 1) && left < stride) {
      const before = Math.floor(padding / 2);
      return { stride, before, after: padding - before };
    }
  }
  return undefined;
}

function divisors(value: number): readonly number[] {
  return Array.from({ length: value }, (_, index) => index + 1).filter((divisor) => value % divisor === 0);
}
