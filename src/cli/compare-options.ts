/** Variants from the command line: from a file, and one for each quick flag. */
import { InvalidArgumentError } from "commander";
import { parseInput, readJsonFile } from "../catalog/parse-json-file.ts";
import type { VariantRequest } from "../report/comparison-request.ts";
import { variantsFileSchema } from "../report/comparison-request.ts";
import { z } from "zod";

/** Options that make variants. */
export interface VariantOptions {
  readonly variants?: string;
  readonly only: readonly (readonly string[])[];
  readonly maxNodes: readonly number[];
  readonly priceFactor: readonly NamedNumber[];
  readonly quota: readonly NamedNumber[];
  readonly slackFactor: readonly number[];
  readonly p90: boolean;
}

/** A number for one VM type. */
export interface NamedNumber {
  readonly vmType: string;
  readonly value: number;
}

/** Name of the variant that changes nothing. */
const AS_IT_IS = "as it is";

/** Where problems of flags are said to be. */
export const FLAGS = "berth compare";

const listSchema = z.looseObject({ variants: z.array(z.unknown()) });

/** The variants asked for: those of the file, or "as it is", and then those of the flags. Throws InvalidInput when they are not 2 to 20. */
export function requestedVariants(options: VariantOptions): readonly VariantRequest[] {
  const fromFlags = flagVariants(options);
  if (options.variants === undefined) {
    return parseInput(variantsFileSchema, { variants: [{ name: AS_IT_IS }, ...fromFlags] }, FLAGS).variants;
  }
  const file = readJsonFile(options.variants);
  const list = listSchema.safeParse(file);
  const whole = list.success ? { ...list.data, variants: [...list.data.variants, ...fromFlags] } : file;
  return parseInput(variantsFileSchema, whole, options.variants).variants;
}

function flagVariants({
  only,
  maxNodes,
  priceFactor,
  quota,
  slackFactor,
  p90,
}: VariantOptions): readonly VariantRequest[] {
  return [
    ...only.map((types) => ({ name: named(`only ${types.join(", ")}`), onlyVmTypes: [...types] })),
    ...maxNodes.map((nodes) => ({ name: `at most ${nodes} node${nodes === 1 ? "" : "s"}`, maxNodes: nodes })),
    ...priceFactor.map(({ vmType, value }) => ({
      name: named(`${vmType} at ${value} times its price`),
      priceFactors: { [vmType]: value },
    })),
    ...quota.map(({ vmType, value }) => ({
      name: named(`at most ${value} of ${vmType}`),
      quotaNodes: { [vmType]: value },
    })),
    ...slackFactor.map((factor) => ({
      name: `${factor} times the time to due dates`,
      dueDateSlack: { factor },
    })),
    ...(p90 ? [{ name: "P90 durations", durations: "P90" as const }] : []),
  ];
}

const LONGEST_NAME = 64;
const named = (text: string): string =>
  text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`;

/** Adds "a, b, c" to the lists given so far. */
export function vmTypesOption(
  text: string,
  previous: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const names = text.split(",").map((word) => word.trim());
  if (names.includes("")) throw new InvalidArgumentError(`"${text}" is not a list of VM types, such as a,b.`);
  return [...previous, names];
}

/** "1,2,3" within bounds. */
export function numbersOption(parse: (text: string) => number): (text: string) => readonly number[] {
  return (text) => text.split(",").map((word) => parse(word.trim()));
}

/** Adds "name=number" to those given so far. */
export function namedNumberOption(
  parse: (text: string) => number,
): (text: string, previous: readonly NamedNumber[]) => readonly NamedNumber[] {
  return (text, previous) => {
    const split = text.lastIndexOf("=");
    if (split < 1)
      throw new InvalidArgumentError(`"${text}" is not a VM type and its number, such as Standard_NV24=0.7.`);
    return [...previous, { vmType: text.slice(0, split).trim(), value: parse(text.slice(split + 1)) }];
  };
}
