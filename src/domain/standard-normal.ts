/** The standard normal distribution: what lies beyond a value, and the value beyond which a probability lies. */

/** erfc(x) = t · exp(−x² + P(t)) with t = 1 / (1 + x/2), x ≥ 0: relative error below 1.2e-7 everywhere (Press et al., Numerical Recipes, §6.2). */
const ERFC = [
  -1.265_512_23, 1.000_023_68, 0.374_091_96, 0.096_784_18, -0.186_288_06, 0.278_868_07, -1.135_203_98,
  1.488_515_87, -0.822_152_23, 0.170_872_77,
];

/** P(Z > z). */
export function normalBeyond(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  let series = 0;
  for (let power = ERFC.length - 1; power >= 0; power -= 1) series = series * t + (ERFC[power] ?? 0);
  const tail = (t * Math.exp(series - x * x)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** Steps of Newton's method after the approximation, which errs by less than 4.5e-4. */
const REFINEMENTS = 3;

/** z with P(Z > z) = probability, by Abramowitz and Stegun 26.2.23 and Newton's method. Throws unless 0 < probability < 1. */
export function normalQuantileBeyond(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new Error(`A quantile at probability ${probability} was asked for; give one above 0 and below 1.`);
  }
  if (probability > 0.5) return -normalQuantileBeyond(1 - probability);
  const t = Math.sqrt(-2 * Math.log(probability));
  let z =
    t -
    (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
  for (let step = 0; step < REFINEMENTS; step += 1) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    // Newton on the logarithm, which is nearly a parabola far out, where the probability itself is nearly flat.
    const beyond = normalBeyond(z);
    z += (Math.log(beyond / probability) * beyond) / density;
  }
  return z;
}
