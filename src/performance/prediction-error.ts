/** Measured and predicted seconds of one observation. */
export interface Observation {
  readonly measuredSeconds: number;
  readonly predictedSeconds: number;
}

/** Ratios measured / predicted that bound the central 80 % of observations, and the median. */
export interface ResidualQuantiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** Share of observations that an interval of ours is meant to hold. */
export const INTERVAL_SHARE = 0.8;

/** Mean absolute percentage error; NaN of no observations. */
export function mapePercent(observations: readonly Observation[]): number {
  const errors = observations.map(
    ({ measuredSeconds, predictedSeconds }) => Math.abs(predictedSeconds - measuredSeconds) / measuredSeconds,
  );
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

/** Quantiles 0.1, 0.5 and 0.9 of measured / predicted. */
export function residualQuantiles(observations: readonly Observation[]): ResidualQuantiles {
  const ratios = observations.map(
    ({ measuredSeconds, predictedSeconds }) => measuredSeconds / predictedSeconds,
  );
  return {
    lower: quantile(ratios, (1 - INTERVAL_SHARE) / 2),
    median: quantile(ratios, 0.5),
    upper: quantile(ratios, (1 + INTERVAL_SHARE) / 2),
  };
}

/** Share of observations whose measured seconds lie within predicted · [lower, upper]. */
export function intervalCoverage(
  observations: readonly Observation[],
  { lower, upper }: ResidualQuantiles,
): number {
  const inside = observations.filter(({ measuredSeconds, predictedSeconds }) => {
    const ratio = measuredSeconds / predictedSeconds;
    return ratio >= lower && ratio <= upper;
  });
  return inside.length / observations.length;
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7). Throws on no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new Error("A quantile of no values was asked for.");
  return below + (above - below) * (position - Math.floor(position));
}
