/**
 * A neural network as its layers and shapes, without weights.
 * Shapes leave the batch out: [channels, height, width] of an image, [features] of a vector, [steps, features] of a sequence.
 */

/** Tensor shape of one sample. */
export type Shape = readonly number[];
/** [height, width]. */
export type Pair = readonly [number, number];

/** Functions of an activation layer; softmax stands for its logarithm too, elu for selu and celu. */
export const ACTIVATION_FUNCTIONS = [
  "sigmoid",
  "tanh",
  "gelu",
  "hardtanh",
  "softmax",
  "leaky-relu",
  "prelu",
  "elu",
  "softplus",
  "hardsigmoid",
  "hardswish",
  "silu",
  "mish",
] as const;
export type ActivationFunction = (typeof ACTIVATION_FUNCTIONS)[number];

/** Normalisations; "group" also stands for instance normalisation's blocks of channels, "rms" has no mean and no shift. */
export const NORM_VARIANTS = ["local-response", "batch", "layer", "instance", "group", "rms"] as const;
export type NormVariant = (typeof NORM_VARIANTS)[number];

interface LayerBase {
  readonly name: string;
  /** Names of the layers whose outputs this one reads; "input" is the network's input. Empty for a source only. */
  readonly inputs: readonly string[];
  /** Shape read (of the first input; for concat, of the result). */
  readonly input: Shape;
  readonly output: Shape;
}

export interface ConvLayer extends LayerBase {
  readonly kind: "conv";
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Zeros added on each side: [top, left, bottom, right]. */
  readonly padding: readonly [number, number, number, number];
  readonly groups: number;
  readonly bias: boolean;
  /** Distance between the elements that the filter reads; [1, 1] when absent. */
  readonly dilation?: Pair;
  /** True of a transposed ("de-") convolution, whose stride widens the image; absent otherwise. */
  readonly transposed?: true;
}
/** Fully connected; on a sequence it is applied to each step. An image is flattened first. */
export interface FcLayer extends LayerBase {
  readonly kind: "fc";
  readonly bias: boolean;
}
export interface PoolLayer extends LayerBase {
  readonly kind: "pool";
  readonly mode: "max" | "average";
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: readonly [number, number, number, number];
  /** Distance between the elements of a window; [1, 1] when absent. */
  readonly dilation?: Pair;
}
export interface ReluLayer extends LayerBase {
  readonly kind: "relu";
}
export interface ActivationLayer extends LayerBase {
  readonly kind: "activation";
  readonly function: ActivationFunction;
  /** Learned slopes of a prelu; 0 when absent. */
  readonly weightCount?: number;
}
export interface NormLayer extends LayerBase {
  readonly kind: "norm";
  readonly variant: NormVariant;
  /** C_n: channels that one output of a local response normalisation reads; 1 for the others. */
  readonly window: number;
}
/** Softmax with cross entropy, or connectionist temporal classification; output is one number. */
export interface LossLayer extends LayerBase {
  readonly kind: "loss";
}
/** Elementwise sum of all inputs (residual connection). */
export interface AddLayer extends LayerBase {
  readonly kind: "add";
}
/** Concatenation along the first axis of an image (channels) or the last of a sequence. */
export interface ConcatLayer extends LayerBase {
  readonly kind: "concat";
}
export interface DropoutLayer extends LayerBase {
  readonly kind: "dropout";
}
/** Only changes the shape, or keeps one step of a sequence ([steps, features] to [features]); costs nothing. */
export interface ReshapeLayer extends LayerBase {
  readonly kind: "reshape";
}
/** Table look-up of `steps` tokens: output [steps, width]. */
export interface EmbeddingLayer extends LayerBase {
  readonly kind: "embedding";
  readonly vocabulary: number;
}
/** One recurrent layer over [steps, features]; output [steps, directions · hidden] unless directions are summed. */
export interface RecurrentLayer extends LayerBase {
  readonly kind: "recurrent";
  readonly cell: "rnn" | "gru" | "lstm";
  readonly hidden: number;
  readonly directions: 1 | 2;
  readonly bias: boolean;
}
/**
 * Scaled dot-product attention (QKᵀ, softmax, ·V) over three inputs of one shape: queries, keys and values.
 * The projections are fc layers of their own.
 */
export interface AttentionLayer extends LayerBase {
  readonly kind: "attention";
  readonly heads: number;
}
/**
 * A batch of matrix products of two computed tensors, for one sample: output = left · right with left [batches, rows, inner]
 * and right [batches, inner, columns]; a factor that all batches share is broadcast.
 */
export interface MatmulLayer extends LayerBase {
  readonly kind: "matmul";
  readonly batches: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}
/** A function of each element of its inputs that is no other kind: product, quotient, power, comparison, mask. */
export interface ElementwiseLayer extends LayerBase {
  readonly kind: "elementwise";
  /** Lower-case name, for example "mul". */
  readonly operator: string;
  /** Inputs that are as large as the output; the others are broadcast. */
  readonly fullInputs: number;
}
/** Moves elements without computing: slice, pad, resize, transpose, expand, gather. */
export interface CopyLayer extends LayerBase {
  readonly kind: "copy";
  /** Lower-case name, for example "slice". */
  readonly operator: string;
}
/** Sum, mean or extremum along axes; reads every element of its input once. */
export interface ReduceLayer extends LayerBase {
  readonly kind: "reduce";
  /** Lower-case name, for example "mean". */
  readonly operator: string;
}
/** Has no inputs and costs no time forward: a further input of the network, a learned tensor (position embeddings), a constant. */
export interface SourceLayer extends LayerBase {
  readonly kind: "source";
  /** Learned numbers; 0 of an input or a constant. */
  readonly weightCount: number;
}
/** An operator without a model. It is carried so that it is listed, with the operations that are at least needed to write its output. */
export interface UnknownLayer extends LayerBase {
  readonly kind: "unknown";
  /** Name in the file that it was imported from. */
  readonly operator: string;
  /** Learned numbers among its inputs. */
  readonly weightCount: number;
}

export type Layer =
  | ConvLayer
  | FcLayer
  | PoolLayer
  | ReluLayer
  | ActivationLayer
  | NormLayer
  | LossLayer
  | AddLayer
  | ConcatLayer
  | DropoutLayer
  | ReshapeLayer
  | EmbeddingLayer
  | RecurrentLayer
  | AttentionLayer
  | MatmulLayer
  | ElementwiseLayer
  | CopyLayer
  | ReduceLayer
  | SourceLayer
  | UnknownLayer;

export type LayerKind = Layer["kind"];

export interface Network {
  /** Lower-case name, the file's name in models/networks. */
  readonly name: string;
  readonly title: string;
  /** Paper or reference implementation that the shapes come from. */
  readonly source: string;
  readonly input: Shape;
  /** In topological order. */
  readonly layers: readonly Layer[];
}
