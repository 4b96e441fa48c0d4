/** Small statistics for reports. */

/** The p-quantile of values sorted upwards, the nearest one that is not below; throws on no values. */
export function quantile(sorted: readonly number[], p: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("A quantile of no values");
  return value;
}

/** Mean and half width of its 95 % confidence interval (Student's t); the half width is null for fewer than two values. */
export function meanWithInterval(values: readonly number[]): {
  readonly mean: number;
  readonly halfWidth: number | null;
} {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  if (values.length < 2) return { mean, halfWidth: null };
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (values.length - 1) / values.length);
  return { mean, halfWidth: studentT975(values.length - 1) * standardError };
}

/** Quantiles of Student's t at 97.5 % for 1 to 10 degrees of freedom (standard tables). */
const STUDENT_T_975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
const NORMAL_975 = 1.96;

/** The table, and beyond it the first terms of the expansion around the normal quantile (within 0.002 from 11 degrees on). */
function studentT975(degrees: number): number {
  const known = STUDENT_T_975[degrees - 1];
  if (known !== undefined) return known;
  const cubic = (NORMAL_975 ** 3 + NORMAL_975) / 4;
  const quintic = (5 * NORMAL_975 ** 5 + 16 * NORMAL_975 ** 3 + 3 * NORMAL_975) / 96;
  return NORMAL_975 + cubic / degrees + quintic / degrees ** 2;
}
