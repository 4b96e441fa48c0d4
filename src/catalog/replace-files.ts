import { renameSync, rmSync, writeFileSync } from "node:fs";
import { InvalidInput } from "./input-problem.ts";

/** A file to write. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes files (UTF-8) so that nobody ever reads half of one: each is written beside its place and then renamed, and none is renamed before all are
 * written. Throws InvalidInput naming the file that cannot be written; nothing new is left then.
 */
export function replaceFiles(files: readonly FileText[]): void {
  const written: { readonly path: string; readonly temporary: string }[] = [];
  try {
    for (const { path, text } of files) {
      const temporary = `${path}.${process.pid}.tmp`;
      written.push({ path, temporary });
      attempt(path, () => {
        writeFileSync(temporary, text);
      });
    }
    for (const { path, temporary } of written) {
      attempt(path, () => {
        renameSync(temporary, path);
      });
    }
  } finally {
    for (const { temporary } of written) rmSync(temporary, { force: true });
  }
}

function attempt(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new InvalidInput(path, [
      {
        path: "",
        value: path,
        message: `the file cannot be written (${error instanceof Error ? error.message : String(error)})`,
        fix: "Check that its folder exists and your permission to write there.",
      },
    ]);
  }
}
