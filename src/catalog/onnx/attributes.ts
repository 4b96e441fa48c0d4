/** Reading a node's attributes and constant inputs, with the defaults of the ONNX specification. */
import type { Importing } from "./importing.ts";
import type { OnnxNode } from "./onnx-model.ts";
import { ImportProblem } from "./tensor-dims.ts";

/** An integer attribute. */
export const integerAttribute = (node: OnnxNode, name: string, otherwise: number): number =>
  node.attributes.get(name)?.integer ?? otherwise;

/** An integer attribute, or undefined. */
export const optionalInteger = (node: OnnxNode, name: string): number | undefined =>
  node.attributes.get(name)?.integer;

/** A list of integers, or undefined where the attribute is left out. */
export const integersAttribute = (node: OnnxNode, name: string): readonly number[] | undefined =>
  node.attributes.get(name)?.integers;

/** A text attribute, "" where it is left out. */
export const textAttribute = (node: OnnxNode, name: string): string => node.attributes.get(name)?.text ?? "";

/** Two sizes [height, width] of an attribute; one size is that of a one-dimensional operator, whose image has height 1. */
export function pairAttribute(
  node: OnnxNode,
  name: string,
  otherwise: number,
): readonly [number, number] | undefined {
  const sizes = integersAttribute(node, name);
  if (sizes === undefined || sizes.length === 0) return [otherwise, otherwise];
  const [first, second] = sizes;
  if (sizes.length === 1 && first !== undefined) return [otherwise, first];
  return sizes.length === 2 && first !== undefined && second !== undefined ? [first, second] : undefined;
}

/** Numbers of an optional constant input; undefined where it is left out. Throws when they depend on the data. */
export function constantInput(
  importing: Importing,
  node: OnnxNode,
  index: number,
): readonly number[] | undefined {
  const value = importing.optionalInput(node, index);
  if (value === undefined) return undefined;
  if (value.kind === "constant" && value.data !== undefined) return value.data;
  throw new ImportProblem(
    `its input ${index + 1} ("${node.inputs[index] ?? ""}") has to be a known constant, and is computed from the data`,
    "Export with constant folding and fixed sizes besides the batch.",
  );
}

/** Integers that older operator sets give as an attribute and newer ones as a constant input. */
export function integersOf(
  importing: Importing,
  node: OnnxNode,
  { attribute, input }: { readonly attribute: string; readonly input: number },
): readonly number[] | undefined {
  return integersAttribute(node, attribute) ?? constantInput(importing, node, input);
}
