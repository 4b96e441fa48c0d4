import { basename } from "node:path";
import type { z } from "zod";
import { InvalidInput, problemsFromIssues } from "./input-problem.ts";
import { readTextFile } from "./read-text-file.ts";

/** Checks a value against a schema; throws InvalidInput naming the source and every problem. */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidInput(source, problemsFromIssues(result.error.issues, input));
}

/** Reads a JSON file and checks it against a schema; every failure is an InvalidInput that names the file. */
export function parseJsonFile<Schema extends z.ZodType>(schema: Schema, path: string): z.output<Schema> {
  return parseInput(schema, readJsonFile(path), path);
}

/** Reads a file as JSON, unchecked; throws InvalidInput when it is absent or no JSON. */
export function readJsonFile(path: string): unknown {
  const text = readTextFile(path);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw new InvalidInput(path, [
      {
        path: "",
        value: basename(path),
        message: `it is not JSON (${error instanceof Error ? error.message : String(error)})`,
        fix: "Correct the JSON; a trailing comma or a missing quote is the usual cause.",
      },
    ]);
  }
}
