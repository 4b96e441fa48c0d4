import type { Shape } from "./network.ts";

/** Elements of a tensor of this shape, for one sample; an empty shape is one number. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Channels of an image [channels, height, width], features of a vector [features] or a sequence [steps, features]. */
export function channelCount(shape: Shape): number {
  return (shape.length === 3 ? shape.at(0) : shape.at(-1)) ?? 1;
}

/** Places at which a tensor has one value per channel: H·W of an image, steps of a sequence, 1 of a vector. */
export function positionCount(shape: Shape): number {
  return elementCount(shape) / channelCount(shape);
}

/** Times that a fully connected layer is applied to one sample: each step of a sequence; an image is flattened first. */
export function fcApplications(shape: Shape): number {
  return shape.length === 2 ? positionCount(shape) : 1;
}
