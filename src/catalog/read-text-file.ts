import { readFileSync } from "node:fs";
import { InvalidInput } from "./input-problem.ts";

/** What some editors put before a text to say that it is UTF-8. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** The text of a file (UTF-8), without a byte order mark; throws InvalidInput naming the file when it cannot be read. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(BYTE_ORDER_MARK, "");
  } catch (error) {
    throw new InvalidInput(path, [
      {
        path: "",
        value: path,
        message: `the file cannot be read (${error instanceof Error ? error.message : String(error)})`,
        fix: "Check its name and your permission to read it.",
      },
    ]);
  }
}
