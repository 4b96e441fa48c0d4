/** Words of the duration models: counts that coefficients multiply, kinds of work, and a layer's work. layer-work.ts counts. */
import type { CorrectionInputs } from "./log-correction.ts";

/** Counts that coefficients multiply; the header says what each is. */
export const FEATURES = [
  "launches",
  "operations",
  "inputElements",
  "outputElements",
  "weights",
  "unfoldedElements",
  "tiledOperations",
  "stemElements",
  "bytes",
] as const;
export type Feature = (typeof FEATURES)[number];
/** Counts of one direction of one part; a feature that is absent is zero. */
export type FeatureCounts = Readonly<Partial<Record<Feature, number>>>;

/**
 * Kinds of work that have coefficients of their own. The kinds after "unknown" refine "elementwise" (or, for recurrent and
 * attention, a layer as a whole) where a profile timed them by themselves; a fit without them prices them as what they refine.
 * "unknown" is that of operators without a model, and no fit has it; "bias" is that of conv and fc.
 */
export const WORK_KINDS = [
  "conv",
  "fc",
  "pool",
  "elementwise",
  "unknown",
  "relu",
  "activation",
  "norm",
  "loss",
  "add",
  "concat",
  "split",
  "dropout",
  "embedding",
  "bias",
  "recurrent",
  "attention",
] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** Work of one kind within a layer, for one batch. */
export interface LayerPart {
  readonly workKind: WorkKind;
  /** Narrower kind that is used instead where a fit has it. */
  readonly refinedKind?: WorkKind;
  /** Shape for a learned correction; of conv and fc only. */
  readonly correctionInputs?: CorrectionInputs;
  readonly forward: FeatureCounts;
  readonly backward: FeatureCounts;
  /** True where the counts come from an analogy (attention as matrix products), not from layers like those measured. */
  readonly byAnalogy: boolean;
}

/** Everything that one layer does in one iteration. */
export interface LayerWork {
  readonly parts: readonly LayerPart[];
  /** The layer as one piece of work, used instead of the parts where a fit has its kind. */
  readonly whole?: LayerPart;
  /** Where its weights are updated, and the bytes that this moves; 0 without weights. */
  readonly updateKind: WorkKind;
  readonly updateBytes: number;
}
