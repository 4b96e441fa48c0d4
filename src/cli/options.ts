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
