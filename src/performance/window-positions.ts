/** One axis of a sliding window (convolution or pooling), in elements. */
export interface WindowAxis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly paddingBefore: number;
  readonly paddingAfter: number;
}

/** Whether a last window that hangs over the edge is left out (floor) or kept (ceil). */
export type WindowRounding = "floor" | "ceil";

/**
 * Places at which a window of a convolution or pooling stands along one axis:
 *
 *   floor   ⌊(size + padding − kernel) / stride⌋ + 1
 *   ceil    min(⌈(size + padding − kernel) / stride⌉ + 1, ⌈(size + paddingBefore) / stride⌉)
 *
 * Ceil rounding (Caffe's pooling, PyTorch's ceil_mode) keeps a last window that hangs over the edge, unless it would
 * start in the padding after the last element. Below 1 the window does not fit at all.
 */
export function windowPositions(axis: WindowAxis, rounding: WindowRounding): number {
  const { size, kernel, stride, paddingBefore, paddingAfter } = axis;
  const steps = (size + paddingBefore + paddingAfter - kernel) / stride;
  if (rounding === "floor") return Math.floor(steps) + 1;
  return Math.min(Math.ceil(steps) + 1, Math.ceil((size + paddingBefore) / stride));
}
