/** A fit's coefficients as plain arrays, so that a duration table prices thousands of layers without looking up names. */
import type { Direction, DurationFit, DurationModel, WorkFit } from "./fit.ts";
import { correctionOf, type CorrectionInputs, type LogCorrection } from "./log-correction.ts";
import { FEATURES, WORK_KINDS } from "./work-counts.ts";

/** One work fit; features by their index in FEATURES. */
export interface CompiledWork {
  readonly features: readonly number[];
  readonly coefficients: readonly number[];
  readonly checkedFeatures: readonly number[];
  readonly minima: readonly number[];
  readonly maxima: readonly number[];
  readonly lowerRatio: number;
  readonly upperRatio: number;
  readonly correction: LogCorrection | undefined;
  /** −1 without one. */
  readonly correctionNumber: number;
}

/** Work fits of one model, by the index of their kind in WORK_KINDS. */
export type CompiledFit = Readonly<Record<Direction, readonly (CompiledWork | undefined)[]>>;

const compiledFits = new WeakMap<DurationFit, Map<DurationModel, CompiledFit>>();

/** The fit as arrays, made once for each fit and model. */
export function compiledFit(fit: DurationFit, model: DurationModel): CompiledFit {
  const byModel = compiledFits.get(fit) ?? new Map<DurationModel, CompiledFit>();
  compiledFits.set(fit, byModel);
  const known = byModel.get(model);
  if (known !== undefined) return known;
  const of = (direction: Direction): readonly (CompiledWork | undefined)[] =>
    WORK_KINDS.map((kind) => {
      const found = fit.work.find(
        (work) => work.model === model && work.workKind === kind && work.direction === direction,
      );
      return found === undefined ? undefined : compiledWork(found);
    });
  const compiled = { forward: of("forward"), backward: of("backward"), update: of("update") };
  byModel.set(model, compiled);
  return compiled;
}

function compiledWork({ coefficients, measuredRange, residuals, correction }: WorkFit): CompiledWork {
  const priced = FEATURES.flatMap((feature, index) => {
    const value = coefficients[feature] ?? 0;
    return value === 0 ? [] : [{ index, value }];
  });
  const checked = FEATURES.flatMap((feature, index) => {
    const range = measuredRange[feature];
    return range === undefined ? [] : [{ index, ...range }];
  });
  return {
    features: priced.map(({ index }) => index),
    coefficients: priced.map(({ value }) => value),
    checkedFeatures: checked.map(({ index }) => index),
    minima: checked.map(({ min }) => min),
    maxima: checked.map(({ max }) => max),
    lowerRatio: Math.min(1, residuals.lower),
    upperRatio: Math.max(1, residuals.upper),
    correction,
    correctionNumber: correction === undefined ? -1 : correctionNumber(correction),
  };
}

const correctionNumbers = new WeakMap<LogCorrection, number>();
let corrections = 0;

/** A number for each correction, under which parts keep its factor; fits scaled to other GPUs share that of the one measured. */
function correctionNumber(correction: LogCorrection): number {
  const known = correctionNumbers.get(correction);
  if (known !== undefined) return known;
  const number = corrections;
  corrections += 1;
  correctionNumbers.set(correction, number);
  return number;
}

/** exp(c) of a part, computed once; `factors` is the part's own store. */
export function correctionFactor(
  { correction, correctionNumber: number }: CompiledWork,
  inputs: CorrectionInputs,
  factors: number[],
): number {
  if (correction === undefined) return 1;
  const known = factors[number];
  if (known !== undefined) return known;
  const factor = Math.exp(correctionOf(correction, inputs));
  factors[number] = factor;
  return factor;
}
