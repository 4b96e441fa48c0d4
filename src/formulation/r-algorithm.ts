/**
 * Shor's r-algorithm: maximises a concave, non-smooth function by steps along supergradients in a space that is dilated, after each step,
 * along the difference of two successive supergradients (N. Z. Shor, Minimization Methods for Non-Differentiable Functions, 1985;
 * step rule of P. Stetsyuk's ralgb5, 2017).
 *
 *   x ← x + h · B Bᵀg / |Bᵀg|      repeated while the function rises along it
 *   ξ = Bᵀ(g_new − g) / |…| ;   B ← B + (1/α − 1)(Bξ) ξᵀ
 *
 * The best point seen is the answer; nothing is claimed of the last one.
 */

/** When to stop; evaluations are counted, not seconds, so that equal input gives equal output. */
export interface AscentLimits {
  readonly maxEvaluations: number;
  /** Stop when the best value has risen by less than this share of |value| over `patience` evaluations. */
  readonly relativeRise: number;
  readonly patience: number;
  /** Stop once this value is reached. */
  readonly target: number;
  /** Asked before each step; true ends the search. */
  readonly expired: () => boolean;
}

/** Best point found. */
export interface Ascent {
  readonly point: Float64Array;
  readonly value: number;
  readonly evaluations: number;
}

/** α: dilation; 2 to 4 is the literature's range. */
const DILATION = 3;
/** A step that was at once too long is shortened by this; one that was long enough for three in a row is lengthened. */
const SHORTEN = 0.9;
const LENGTHEN = 1.15;
const STEPS_BEFORE_LENGTHENING = 2;

/** Maximises from `start`; `step` is the length of the first step in the units of the point. */
export function ascend(
  evaluate: (point: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  args: { readonly step: number; readonly limits: AscentLimits },
): Ascent {
  const { limits } = args;
  const n = start.length;
  const point = Float64Array.from(start);
  const best = Float64Array.from(start);
  const gradient = new Float64Array(n);
  const next = new Float64Array(n);
  const dilated = new Float64Array(n);
  const direction = new Float64Array(n);
  const difference = new Float64Array(n);
  const basis = new Float64Array(n * n);
  for (let index = 0; index < n; index += 1) basis[index * n + index] = 1;
  let bestValue = evaluate(point, gradient);
  let evaluations = 1;
  let reference = bestValue;
  let referenceAt = evaluations;
  let step = args.step;
  const done = (): boolean => {
    if (bestValue >= limits.target || evaluations >= limits.maxEvaluations || limits.expired()) return true;
    if (evaluations - referenceAt < limits.patience) return false;
    const risen = bestValue - reference > limits.relativeRise * Math.abs(bestValue);
    reference = bestValue;
    referenceAt = evaluations;
    return !risen;
  };
  while (!done()) {
    transposeTimes(basis, gradient, dilated);
    const length = norm(dilated);
    // A zero supergradient proves the maximum.
    if (length < Number.MIN_VALUE) break;
    for (let index = 0; index < n; index += 1) dilated[index] = (dilated[index] ?? 0) / length;
    times(basis, dilated, direction);
    let steps = 0;
    do {
      for (let index = 0; index < n; index += 1) {
        point[index] = (point[index] ?? 0) + step * (direction[index] ?? 0);
      }
      const value = evaluate(point, next);
      evaluations += 1;
      steps += 1;
      if (value > bestValue) {
        bestValue = value;
        best.set(point);
      }
      if (steps % STEPS_BEFORE_LENGTHENING === 0) step *= LENGTHEN;
    } while (dot(direction, next) > 0 && evaluations < limits.maxEvaluations && bestValue < limits.target);
    if (steps === 1) step *= SHORTEN;
    for (let index = 0; index < n; index += 1)
      difference[index] = (next[index] ?? 0) - (gradient[index] ?? 0);
    dilate(basis, difference, dilated, direction);
    gradient.set(next);
  }
  return { point: best, value: bestValue, evaluations };
}

/** B ← B + (1/α − 1)(Bξ) ξᵀ with ξ = Bᵀ difference, normalised; `xi` and `image` are scratch. */
function dilate(basis: Float64Array, difference: Float64Array, xi: Float64Array, image: Float64Array): void {
  const n = difference.length;
  transposeTimes(basis, difference, xi);
  const length = norm(xi);
  if (length < Number.MIN_VALUE) return;
  for (let index = 0; index < n; index += 1) xi[index] = (xi[index] ?? 0) / length;
  times(basis, xi, image);
  const factor = 1 / DILATION - 1;
  for (let row = 0; row < n; row += 1) {
    const scaled = factor * (image[row] ?? 0);
    for (let column = 0; column < n; column += 1) {
      basis[row * n + column] = (basis[row * n + column] ?? 0) + scaled * (xi[column] ?? 0);
    }
  }
}

function times(matrix: Float64Array, vector: Float64Array, result: Float64Array): void {
  const n = vector.length;
  for (let row = 0; row < n; row += 1) {
    let total = 0;
    for (let column = 0; column < n; column += 1)
      total += (matrix[row * n + column] ?? 0) * (vector[column] ?? 0);
    result[row] = total;
  }
}

function transposeTimes(matrix: Float64Array, vector: Float64Array, result: Float64Array): void {
  const n = vector.length;
  result.fill(0);
  for (let row = 0; row < n; row += 1) {
    const factor = vector[row] ?? 0;
    for (let column = 0; column < n; column += 1) {
      result[column] = (result[column] ?? 0) + factor * (matrix[row * n + column] ?? 0);
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let index = 0; index < a.length; index += 1) total += (a[index] ?? 0) * (b[index] ?? 0);
  return total;
}

const norm = (vector: Float64Array): number => Math.sqrt(dot(vector, vector));
