/**
 * A neural network as its layers and shapes, without weights.
 * Shapes leave the batch out: [channels, height, width] of an image, [features] of a vector, [steps, features] of a sequence.
 */

/** Tensor shape of one sample. */
export type Shape = readonly number[];
/** [height, width]. */
export type Pair = readonly [number, number];

interface LayerBase {
  readonly name: string;
  /** Names of the layers whose outputs this one reads; "input" is the network's input. */
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
}
export interface ReluLayer extends LayerBase {
  readonly kind: "relu";
}
export interface ActivationLayer extends LayerBase {
  readonly kind: "activation";
  readonly function: "sigmoid" | "tanh" | "gelu" | "hardtanh" | "softmax";
}
export interface NormLayer extends LayerBase {
  readonly kind: "norm";
  readonly variant: "local-response" | "batch" | "layer";
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
  | AttentionLayer;

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
