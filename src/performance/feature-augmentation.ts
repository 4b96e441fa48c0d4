/**
 * Augmented features of the slides' end-to-end model: every feature, its inverse, and the product of every pair of these
 * ("inverse and cross-over terms"), leaving out x·(1/x). Squares are no cross-over terms and are left out too.
 */
import type { FeatureColumn } from "./stepwise-selection.ts";

interface Source {
  readonly column: FeatureColumn;
  /** Name of the feature that this one is, or is the inverse of. */
  readonly base: string;
}

/**
 * Columns x, 1/x and their products; a feature with a zero has no inverse, a feature without variation is left out together
 * with its inverse (it is the intercept). Products keep the order of their factors: "1/batchSize·gpus".
 */
export function augmentFeatures(features: readonly FeatureColumn[]): readonly FeatureColumn[] {
  const varying = features.filter(({ values }) => values.some((value) => value !== values[0]));
  const sources: readonly Source[] = varying.flatMap((column) =>
    column.values.includes(0)
      ? [{ column, base: column.name }]
      : [
          { column, base: column.name },
          { column: inverse(column), base: column.name },
        ],
  );
  const products = sources.flatMap((left, index) =>
    sources
      .slice(index + 1)
      .filter((right) => right.base !== left.base)
      .map((right) => product(left.column, right.column)),
  );
  return [...sources.map(({ column }) => column), ...products];
}

/** The augmented columns of one observation by name, for predicting with a fitted model. Throws on a name that is no such column. */
export function augmentedValue(name: string, features: Readonly<Record<string, number>>): number {
  return name
    .split("·")
    .map((factor) => {
      const inverted = factor.startsWith("1/");
      const value = features[inverted ? factor.slice(2) : factor];
      if (value === undefined) throw new Error(`The model needs feature "${factor}", which was not given.`);
      if (inverted && value === 0) throw new Error(`The model divides by "${factor.slice(2)}", which is 0.`);
      return inverted ? 1 / value : value;
    })
    .reduce((result, value) => result * value, 1);
}

function inverse({ name, values }: FeatureColumn): FeatureColumn {
  return { name: `1/${name}`, values: values.map((value) => 1 / value) };
}

function product(left: FeatureColumn, right: FeatureColumn): FeatureColumn {
  return {
    name: `${left.name}·${right.name}`,
    values: left.values.map((value, index) => value * (right.values[index] ?? NaN)),
  };
}
