/** The option `--policy a,b,c`. */
import { InvalidArgumentError } from "commander";
import type { PolicyName } from "../planner/policy.ts";
import { POLICY_NAMES } from "../planner/policy.ts";

/** Policies separated by commas, each once. */
export function policiesOption(text: string): readonly PolicyName[] {
  const names = text.split(",").map((word) => {
    const name = POLICY_NAMES.find((candidate) => candidate === word.trim());
    if (name === undefined)
      throw new InvalidArgumentError(`"${word}" is not one of ${POLICY_NAMES.join(", ")}.`);
    return name;
  });
  return [...new Set(names)];
}
