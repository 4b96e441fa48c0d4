/** Parsers for command-line options; each names the value that is wrong and what is expected. */
import { InvalidArgumentError } from "commander";
import { isoTimeSchema } from "../catalog/time.ts";

/** A number within bounds. */
export function numberOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most) {
      throw new InvalidArgumentError(`"${text}" is not a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** A whole number within bounds. */
export function wholeNumberOption(least: number, most: number): (text: string) => number {
  const parse = numberOption(least, most);
  return (text) => {
    const value = parse(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`"${text}" is not a whole number.`);
    return value;
  };
}

/** An ISO 8601 time with zone, in seconds since the Unix epoch. */
export function timeOption(text: string): number {
  const parsed = isoTimeSchema.safeParse(text);
  if (!parsed.success)
    throw new InvalidArgumentError(`"${text}" ${parsed.error.issues[0]?.message ?? "is wrong"}.`);
  return parsed.data;
}

/** Adds a "symbol=size" to the sizes given so far. */
export function dimensionOption(
  text: string,
  previous: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const split = text.lastIndexOf("=");
  const [symbol, size] = [text.slice(0, split).trim(), Number(text.slice(split + 1))];
  if (split < 1 || symbol === "" || !Number.isInteger(size) || size < 1) {
    throw new InvalidArgumentError(`"${text}" is not a symbol and its size, such as sequence=128.`);
  }
  return new Map([...previous, [symbol, size]]);
}

/** Sizes joined by "x": 3x224x224. */
export function shapeOption(text: string): readonly number[] {
  const sizes = text.split(/[x×,]/i).map(Number);
  if (sizes.length > 3 || sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new InvalidArgumentError(`"${text}" is not a shape of one to three sizes, such as 3x224x224.`);
  }
  return sizes;
}
