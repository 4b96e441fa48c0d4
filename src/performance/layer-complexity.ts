/**
 * Operations of one layer, per SAMPLE (multiply by the batch outside).
 *
 * From the slides (Gianniti, Zhang, Ardagna, SBAC-PAD 2018), per output position; a multiply-accumulate is one operation:
 *
 *   layer   forward                       backward
 *   conv    H_f W_f C_in C_out            (2 H_f W_f C_in + 1) C_out
 *   fc      H_in W_in C_in C_out          2 H_in W_in C_in C_out
 *   loss    4 C_out − 1                   C_out + 1
 *   norm    5 C_out + C_n − 2             8 C_out + C_n − 1              (local response; C_n = window)
 *   pool    H_f W_f C_out                 (H_f W_f + 1) C_out
 *   relu    3 C_out                       4 C_out
 *
 * Supplied by us:
 *   - the factor H_out W_out for conv, norm, pool and relu, which the slides leave out. With it AlexNet (grouped) has
 *     724.4 M forward operations per image in its conv and fc layers; without it layer errors on real logs are 37–340 %;
 *   - groups divide C_in;
 *   - an fc layer over a sequence, and a loss over a sequence, count once per step;
 *   - C_out of a loss is the number of classes that it reads (its own output is one number). Connectionist temporal
 *     classification is counted as softmax and cross entropy on every step;
 *   - every kind below, by counting each addition, multiplication, comparison, division and exp/erf as one operation:
 *
 *   activation, per element   forward  backward
 *     sigmoid                 4        3          1/(1 + e^−x);  dy·s·(1 − s)
 *     tanh                    6        3          2σ(2x) − 1;    dy·(1 − t²)
 *     gelu                    5        8          x·½(1 + erf(x/√2));  dy·(Φ(x) + x·φ(x)), Φ kept
 *     hardtanh                4        5          one comparison more than relu
 *     leaky-relu, prelu       3        4, 5       compare, multiply, select;  prelu adds to the slope's gradient
 *     elu                     4        4          compare, exp, subtract, multiply
 *     softplus                3        4          log(1 + e^x);  dy·σ(x)
 *     hardsigmoid             4        3          multiply, add, two comparisons
 *     hardswish, silu         5        6          x times the former, or times a sigmoid;  product rule
 *     mish                    10       12         x·tanh(softplus(x))
 *   softmax, per row of n     5n − 2   4n − 1     max, subtract, exp, sum, divide;  s∘(dy − s·dy)
 *   norm of every other variant,
 *     per element             7        9          mean 1, variance 3, scale by 1/σ 1, γ and β 2;  dβ 1, dγ 2, x̂ 2, dx 4
 *   add of k inputs           k − 1    k − 1      per element; backward the gradients meet again where the input forked
 *   concat                    1        1          per element moved
 *   dropout                   3        2          per element: compare, mask, scale;  mask, scale
 *   embedding                 1        1          per output element: copied;  added to the table's gradient
 *   recurrent                 products below, plus per step, direction and hidden unit
 *     rnn                     7        14+1       add, tanh
 *     gru                     22       44+3       3 adds, 2 sigmoid, tanh, r∘h, (1 − z)∘n + z∘h
 *     lstm                    32       64+4       4 adds, 3 sigmoid, tanh, f∘c + i∘g, o∘tanh(c)
 *                             the elementwise work doubles backwards and each gate adds to its bias gradient;
 *                             summed directions add one operation per output element
 *   attention                 2 S² W + h S ((5S − 2) + S)    4 S² W + h S ((4S − 1) + S)
 *                             S steps, W width, h heads: QKᵀ, scale by 1/√d, softmax, ·V
 *   matmul                    the product; twice as much backwards
 *   elementwise               1        2          per output element (a product's gradient goes to both factors)
 *   copy                      1        1          per output element moved
 *   reduce                    1        1          per input element
 *   unknown                   1        1          per output element: what is at least needed to write it
 *   reshape, source           0        0
 *
 * Products (recurrent, attention) cost twice as much backwards: one for the input's gradient, one for the other factor's.
 */
import { assertNever } from "../domain/assert-never.ts";
import { gateCount, multiplyAccumulates } from "./multiply-accumulates.ts";
import type { ActivationLayer, AttentionLayer, Layer, NormLayer, RecurrentLayer } from "./network.ts";
import { channelCount, elementCount, positionCount } from "./shape.ts";

/** Operations of one layer for one sample. */
export interface LayerComplexity {
  readonly forwardOperations: number;
  readonly backwardOperations: number;
}

/** Forward and backward operations of a layer for one sample; the header holds the formulas and where they come from. */
export function layerComplexity(layer: Layer): LayerComplexity {
  const outputElements = elementCount(layer.output);
  switch (layer.kind) {
    case "conv": {
      const products = multiplyAccumulates(layer);
      return { forwardOperations: products, backwardOperations: 2 * products + outputElements };
    }
    case "fc": {
      const products = multiplyAccumulates(layer);
      return { forwardOperations: products, backwardOperations: 2 * products };
    }
    case "loss": {
      const classes = channelCount(layer.input);
      const steps = positionCount(layer.input);
      return { forwardOperations: steps * (4 * classes - 1), backwardOperations: steps * (classes + 1) };
    }
    case "norm":
      return normComplexity(layer);
    case "pool": {
      const [filterHeight, filterWidth] = layer.kernel;
      const filter = filterHeight * filterWidth;
      return perElement(outputElements, filter, filter + 1);
    }
    case "relu":
      return perElement(outputElements, 3, 4);
    case "activation":
      return activationComplexity(layer);
    case "add": {
      const additions = layer.inputs.length - 1;
      return perElement(outputElements, additions, additions);
    }
    case "concat":
    case "embedding":
      return perElement(outputElements, 1, 1);
    case "dropout":
      return perElement(outputElements, 3, 2);
    case "recurrent":
      return recurrentComplexity(layer);
    case "attention":
      return attentionComplexity(layer);
    case "matmul": {
      const products = multiplyAccumulates(layer);
      return { forwardOperations: products, backwardOperations: 2 * products };
    }
    case "elementwise":
      return perElement(outputElements, 1, 2);
    case "copy":
    case "unknown":
      return perElement(outputElements, 1, 1);
    case "reduce":
      return perElement(elementCount(layer.input), 1, 1);
    case "reshape":
    case "source":
      return { forwardOperations: 0, backwardOperations: 0 };
    default:
      return assertNever(layer);
  }
}

function perElement(elements: number, forward: number, backward: number): LayerComplexity {
  return { forwardOperations: elements * forward, backwardOperations: elements * backward };
}

function normComplexity({ variant, window, output }: NormLayer): LayerComplexity {
  if (variant !== "local-response") return perElement(elementCount(output), 7, 9);
  const channels = channelCount(output);
  return perElement(positionCount(output), 5 * channels + window - 2, 8 * channels + window - 1);
}

function activationComplexity({ function: name, output }: ActivationLayer): LayerComplexity {
  switch (name) {
    case "sigmoid":
      return perElement(elementCount(output), 4, 3);
    case "tanh":
      return perElement(elementCount(output), 6, 3);
    case "gelu":
      return perElement(elementCount(output), 5, 8);
    case "hardtanh":
      return perElement(elementCount(output), 4, 5);
    case "leaky-relu":
      return perElement(elementCount(output), 3, 4);
    case "prelu":
      return perElement(elementCount(output), 3, 5);
    case "elu":
      return perElement(elementCount(output), 4, 4);
    case "softplus":
      return perElement(elementCount(output), 3, 4);
    case "hardsigmoid":
      return perElement(elementCount(output), 4, 3);
    case "hardswish":
    case "silu":
      return perElement(elementCount(output), 5, 6);
    case "mish":
      return perElement(elementCount(output), 10, 12);
    case "softmax":
      return softmaxComplexity(positionCount(output), channelCount(output));
  }
}

function softmaxComplexity(rows: number, rowLength: number): LayerComplexity {
  return perElement(rows, 5 * rowLength - 2, 4 * rowLength - 1);
}

function elementwiseOperations(cell: RecurrentLayer["cell"]): number {
  switch (cell) {
    case "rnn":
      return 7;
    case "gru":
      return 22;
    case "lstm":
      return 32;
  }
}

function recurrentComplexity(layer: RecurrentLayer): LayerComplexity {
  const products = multiplyAccumulates(layer);
  const units = positionCount(layer.input) * layer.directions * layer.hidden;
  const elementwise = elementwiseOperations(layer.cell);
  const biasGradients = layer.bias ? gateCount(layer.cell) : 0;
  const outputElements = elementCount(layer.output);
  const sums = outputElements < units ? outputElements : 0;
  return {
    forwardOperations: products + units * elementwise + sums,
    backwardOperations: 2 * products + units * (2 * elementwise + biasGradients) + sums,
  };
}

function attentionComplexity(layer: AttentionLayer): LayerComplexity {
  const products = multiplyAccumulates(layer);
  const steps = positionCount(layer.input);
  const rows = layer.heads * steps;
  const softmax = softmaxComplexity(rows, steps);
  const scaling = rows * steps;
  return {
    forwardOperations: products + softmax.forwardOperations + scaling,
    backwardOperations: 2 * products + softmax.backwardOperations + scaling,
  };
}
