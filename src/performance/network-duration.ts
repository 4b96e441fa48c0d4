/**
 * Seconds of one iteration of a network on one GPU: t = Σ_l t_l over its layers (Gianniti, Zhang, Ardagna, SBAC-PAD 2018).
 *
 * Single-layer measurements hold the framework's fixed cost of a call in β0, and the sum pays it once for each layer.
 * That is kept on evidence: extrapolated to batch 0, whole networks keep a fixed time of about Σ β0 or more
 * (docs/performance-models.md, "Errors").
 *
 * Errors of layers do not cancel in a network, which repeats similar layers: the interval adds the layers' bounds as if
 * their errors were one. Of the whole networks measured, 10 of 11 fall inside (same page).
 */
import { DEFAULT_DURATION_MODEL } from "./fit.ts";
import { layerPredictor, type LayerDuration } from "./layer-duration.ts";
import { networkTotals, type NetworkDurationRequest, type NetworkTotals } from "./network-totals.ts";

export type { NetworkDurationRequest } from "./network-totals.ts";

/** An iteration on one GPU, without communication, layer by layer. */
export interface NetworkDuration extends NetworkTotals {
  readonly layers: readonly LayerDuration[];
}

/** Seconds of one iteration; the header says what is summed. Throws when the batch is below 1. */
export function networkDuration(request: NetworkDurationRequest): NetworkDuration {
  const { network, batchSize, fit, model = DEFAULT_DURATION_MODEL, optimizer } = request;
  const totals = networkTotals(request);
  const predict = layerPredictor(fit, model, optimizer);
  const layers = network.layers.flatMap((layer): readonly LayerDuration[] => {
    const prediction = predict(layer, batchSize);
    return prediction.kind === "known" ? [prediction.duration] : [];
  });
  return { ...totals, layers };
}
