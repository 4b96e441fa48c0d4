/** One iteration as JSON and as text, for `berth estimate --gpu` and `--fit`. Times are milliseconds of one iteration. */
import { secondsToMilliseconds } from "../domain/units.ts";
import type { GpuIteration } from "../performance/iteration-estimate.ts";
import type { Extrapolation, LayerDuration } from "../performance/layer-duration.ts";
import { layerComplexity } from "../performance/layer-complexity.ts";
import { layerSize } from "../performance/layer-size.ts";
import type { Layer, Network } from "../performance/network.ts";

/** What was estimated, beside the figures. */
export interface IterationSubject {
  readonly network: Network;
  readonly gpu: string;
  readonly framework: string;
  readonly gpus: number;
  readonly batchSize: number;
  /** Where the fit comes from, in words. */
  readonly fitSource: string;
  readonly fitStatus: string;
  readonly gpuMemoryGib: number | null;
  /** What the import of the network assumed. */
  readonly notes: readonly string[];
}

/** A layer of the answer; times are null where its operator has no model. */
export interface IterationLayerView {
  readonly layer: string;
  readonly kind: string;
  /** Name of the operator in the file; of unknown layers only. */
  readonly operator?: string;
  readonly forwardMilliseconds: number | null;
  readonly backwardMilliseconds: number | null;
  readonly updateMilliseconds: number | null;
  readonly totalMilliseconds: number | null;
  readonly lowerMilliseconds: number | null;
  readonly upperMilliseconds: number | null;
  /** Of the batch of one GPU. */
  readonly forwardOperations: number;
  readonly status: string;
  readonly extrapolations: readonly Extrapolation[];
}

/** An operator without a model, with what it stands for. */
export interface UnknownOperatorView {
  readonly operator: string;
  readonly layers: readonly string[];
  /** Share of the network's forward operations, at least: one is counted for each number that it writes. */
  readonly operationsShare: number;
  /** Share of the network's learned numbers. */
  readonly weightShare: number;
}

/** The whole answer. */
export interface IterationView {
  readonly network: string;
  readonly title: string;
  readonly gpu: string;
  readonly framework: string;
  readonly gpus: number;
  readonly batchSize: number;
  readonly batchSizePerGpu: number;
  readonly fit: { readonly source: string; readonly status: string };
  readonly forwardMilliseconds: number;
  readonly backwardMilliseconds: number;
  /** The optimizer's step. */
  readonly updateMilliseconds: number;
  /** What the other GPUs add; 0 on one. */
  readonly communicationMilliseconds: number;
  /** Sum of the four above. */
  readonly totalMilliseconds: number;
  /** 80 % interval of the total. */
  readonly lowerMilliseconds: number;
  readonly upperMilliseconds: number;
  readonly memory: {
    readonly neededGib: number;
    readonly gpuGib: number | null;
    readonly fits: boolean | null;
    readonly weightsGib: number;
    readonly gradientsGib: number;
    readonly optimizerGib: number;
    readonly activationsGib: number;
    readonly workspaceGib: number;
    readonly reserveGib: number;
  };
  /** Whether any layer lies outside what the fit was measured on. */
  readonly extrapolated: boolean;
  readonly unknownOperators: readonly UnknownOperatorView[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly layers: readonly IterationLayerView[];
}

/** An iteration as JSON, layers in the network's order. */
export function iterationView(subject: IterationSubject, iteration: GpuIteration): IterationView {
  const { network, gpuMemoryGib } = subject;
  const { compute, scaled, memory } = iteration;
  const layers = layerViews(network, iteration);
  const { totalGib, ...parts } = memory;
  return {
    network: network.name,
    title: network.title,
    gpu: subject.gpu,
    framework: subject.framework,
    gpus: subject.gpus,
    batchSize: subject.batchSize,
    batchSizePerGpu: iteration.batchSizePerGpu,
    fit: { source: subject.fitSource, status: subject.fitStatus },
    forwardMilliseconds: secondsToMilliseconds(compute.forwardSeconds),
    backwardMilliseconds: secondsToMilliseconds(compute.backwardSeconds),
    updateMilliseconds: secondsToMilliseconds(compute.updateSeconds),
    communicationMilliseconds: secondsToMilliseconds(scaled.addedSeconds),
    totalMilliseconds: secondsToMilliseconds(scaled.total.seconds),
    lowerMilliseconds: secondsToMilliseconds(scaled.total.lowerSeconds),
    upperMilliseconds: secondsToMilliseconds(scaled.total.upperSeconds),
    memory: { neededGib: totalGib, gpuGib: gpuMemoryGib, fits: iteration.fitsMemory, ...parts },
    extrapolated: layers.some((layer) => layer.extrapolations.length > 0),
    unknownOperators: unknownOperators(
      network,
      compute.unknown.map(({ name }) => name),
    ),
    warnings: iteration.warnings,
    notes: subject.notes,
    layers,
  };
}

function layerViews(
  network: Network,
  { compute, batchSizePerGpu }: GpuIteration,
): readonly IterationLayerView[] {
  const durations = new Map(compute.layers.map((duration) => [duration.name, duration]));
  return network.layers.map((layer) => {
    const duration = durations.get(layer.name);
    const forwardOperations = layerComplexity(layer).forwardOperations * batchSizePerGpu;
    return duration === undefined ? unknownView(layer, forwardOperations) : knownView(layer, duration);
  });
}

function knownView(layer: Layer, duration: LayerDuration): IterationLayerView {
  return {
    layer: layer.name,
    kind: layer.kind,
    forwardMilliseconds: secondsToMilliseconds(duration.forwardSeconds),
    backwardMilliseconds: secondsToMilliseconds(duration.backwardSeconds),
    updateMilliseconds: secondsToMilliseconds(duration.updateSeconds),
    totalMilliseconds: secondsToMilliseconds(duration.total.seconds),
    lowerMilliseconds: secondsToMilliseconds(duration.total.lowerSeconds),
    upperMilliseconds: secondsToMilliseconds(duration.total.upperSeconds),
    forwardOperations: duration.forwardOperations,
    status: duration.status,
    extrapolations: duration.extrapolations,
  };
}

function unknownView(layer: Layer, forwardOperations: number): IterationLayerView {
  return {
    layer: layer.name,
    kind: layer.kind,
    ...(layer.kind === "unknown" ? { operator: layer.operator } : {}),
    forwardMilliseconds: null,
    backwardMilliseconds: null,
    updateMilliseconds: null,
    totalMilliseconds: null,
    lowerMilliseconds: null,
    upperMilliseconds: null,
    forwardOperations,
    status: "unknown",
    extrapolations: [],
  };
}

/** Layers without a model by operator, or by kind where the fit lacks one that Berth knows. */
function unknownOperators(network: Network, unknown: readonly string[]): readonly UnknownOperatorView[] {
  const names = new Set(unknown);
  const byOperator = new Map<string, Layer[]>();
  for (const layer of network.layers.filter(({ name }) => names.has(name))) {
    const operator = layer.kind === "unknown" ? layer.operator : layer.kind;
    byOperator.set(operator, [...(byOperator.get(operator) ?? []), layer]);
  }
  const operations = (layer: Layer): number => layerComplexity(layer).forwardOperations;
  const weights = (layer: Layer): number => layerSize(layer).weightCount;
  const share = (layers: readonly Layer[], count: (layer: Layer) => number): number => {
    const all = total(network.layers, count);
    return all === 0 ? 0 : total(layers, count) / all;
  };
  return [...byOperator].map(([operator, layers]) => ({
    operator,
    layers: layers.map(({ name }) => name),
    operationsShare: share(layers, operations),
    weightShare: share(layers, weights),
  }));
}

const total = (layers: readonly Layer[], count: (layer: Layer) => number): number =>
  layers.reduce((sum, layer) => sum + count(layer), 0);
