import type { core } from "zod";

/** One thing wrong with an input: where (a JSON pointer, RFC 6901), what was there, why it is wrong and how to mend it. */
export interface InputProblem {
  /** JSON pointer such as "/vmTypes/3/pricePerHourUsd"; "" is the whole input. */
  readonly path: string;
  /** The value found there; undefined when the field is absent. */
  readonly value: unknown;
  readonly message: string;
  readonly fix: string;
}

/** Input that cannot be used; holds every problem found, so that a user mends them in one go. Maps to exit code 2 and HTTP 400. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
  /** Name of the file, or "body" for a request. */
  readonly source: string;
  readonly problems: readonly InputProblem[];

  constructor(source: string, problems: readonly InputProblem[]) {
    super([`${source} cannot be used:`, ...problems.map(problemLine)].join("\n"));
    this.source = source;
    this.problems = problems;
  }
}

/** A problem as one line of text: path, message, value and fix. */
export function problemLine(problem: InputProblem): string {
  const where = problem.path === "" ? "(whole input)" : problem.path;
  return `  ${where}: ${problem.message}; found ${shown(problem.value)}. ${problem.fix}`;
}

/** A JSON pointer (RFC 6901) of property names and indices; "~" and "/" within a name are escaped. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Turns zod's issues into problems, looking up in the raw input the value that each issue is about. */
export function problemsFromIssues(
  issues: readonly core.$ZodIssue[],
  input: unknown,
): readonly InputProblem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, [], input));
}

const MAX_SHOWN_CHARACTERS = 80;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has no NaN or infinities and would print them as null.
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : jsonText(value);
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}

function jsonText(value: unknown): string {
  const isJson = typeof value === "object" || typeof value === "string" || typeof value === "boolean";
  if (!isJson) return `a ${typeof value}`;
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Nested so deeply that writing it again exhausts the stack.
    return "something nested very deeply";
  }
}

function problemsOfIssue(
  issue: core.$ZodIssue,
  parentPath: readonly PropertyKey[],
  input: unknown,
): readonly InputProblem[] {
  const keys = [...parentPath, ...issue.path];
  if (issue.code === "invalid_union") {
    const branch = closestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => problemsOfIssue(inner, keys, input));
  }
  const value = valueAt(input, keys);
  const path = jsonPointer(keys);
  const name = fieldName(keys);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: jsonPointer([...keys, key]),
      value: valueAt(input, [...keys, key]),
      message: `"${key}" is not a field that is known here${ownerOf(input, [...keys, key])}`,
      fix: "Remove it, or correct its spelling.",
    }));
  }
  const message = `${messageOf(issue, value, name)}${ownerOf(input, keys)}`;
  return [{ path, value, message, fix: fixOf(issue, value, name) }];
}

function messageOf(issue: core.$ZodIssue, value: unknown, name: string): string {
  if (issue.code !== "custom" && value === undefined) return `${name} is missing`;
  return issue.message;
}

/** Names the row that a path leads through, because a user knows rows by id and a pointer holds only the index. */
function ownerOf(input: unknown, keys: readonly PropertyKey[]): string {
  for (let length = keys.length - 1; length > 0; length -= 1) {
    const owner = keys.slice(0, length);
    const id = valueAt(input, [...owner, "id"]) ?? valueAt(input, [...owner, "name"]);
    if (typeof id === "string") return ` (row ${shown(id)})`;
  }
  return "";
}

function fixOf(issue: core.$ZodIssue, value: unknown, name: string): string {
  switch (issue.code) {
    case "custom": {
      const fix: unknown = issue.params?.["fix"];
      return typeof fix === "string" ? fix : `Correct ${name}.`;
    }
    case "invalid_type":
      return value === undefined ? `Add ${name} (${issue.expected}).` : `Give ${name} as ${issue.expected}.`;
    case "too_small":
      return `Give ${name} a value ${issue.inclusive === false ? "above" : "of at least"} ${String(issue.minimum)}${sizeUnit(issue.origin)}.`;
    case "too_big":
      return `Give ${name} a value ${issue.inclusive === false ? "below" : "of at most"} ${String(issue.maximum)}${sizeUnit(issue.origin)}.`;
    case "not_multiple_of":
      return `Give ${name} a multiple of ${issue.divisor}.`;
    case "invalid_format":
      return issue.format === "regex" && issue.pattern !== undefined
        ? `Change ${name} so that it matches ${issue.pattern}.`
        : `Give ${name} in the format ${issue.format}.`;
    case "invalid_value":
      return `Use one of: ${issue.values.map(shown).join(", ")}.`;
    case "invalid_union": {
      const options: unknown = "options" in issue ? issue.options : undefined;
      return Array.isArray(options) ? `Use one of: ${options.map(shown).join(", ")}.` : `Correct ${name}.`;
    }
    case "invalid_key":
    case "invalid_element":
    case "unrecognized_keys":
      return `Correct ${name}.`;
  }
}

function sizeUnit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" || origin === "set" || origin === "map" ? " items" : "";
}

/** Of a union's alternatives, the one that came furthest: a user meant that one. Undefined when none says anything. */
function closestBranch(
  branches: readonly (readonly core.$ZodIssue[])[],
): readonly core.$ZodIssue[] | undefined {
  const filled = branches.filter((branch) => branch.length > 0);
  const depth = (branch: readonly core.$ZodIssue[]): number =>
    Math.max(...branch.map((issue) => issue.path.length));
  const score = (branch: readonly core.$ZodIssue[]): number => depth(branch) - branch.length / 1000;
  return [...filled].sort((a, b) => score(b) - score(a))[0];
}

function fieldName(keys: readonly PropertyKey[]): string {
  const last = keys.at(-1);
  if (last === undefined) return "the input";
  return typeof last === "number" ? `item ${last}` : String(last);
}

function valueAt(input: unknown, keys: readonly PropertyKey[]): unknown {
  let value: unknown = input;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    const inner: unknown = Reflect.get(value, key);
    value = inner;
  }
  return value;
}
