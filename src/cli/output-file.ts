/** Files that commands write: looked at before there is anything to write, so that no work is lost on them. */
import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CommandFailure } from "./command-failure.ts";

/** Throws CommandFailure where a file cannot be written; `option` is how its user named it. */
export function requireWritableFile(path: string, option: string): void {
  const folder = dirname(resolve(path));
  try {
    if (!statSync(folder).isDirectory()) throw new CommandFailure(2, `${option}: ${folder} is no folder.`);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true)
      throw new CommandFailure(2, `${option}: ${path} is a folder; name a file.`);
    accessSync(found === undefined ? folder : path, constants.W_OK);
  } catch (error) {
    throw outputTrouble(error, option);
  }
}

/** What the system says against a file or folder, as something that its user can mend; any other error as it is. */
export function outputTrouble(error: unknown, option: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new CommandFailure(
    2,
    `${option} cannot be written: ${error.message}. Name another, or make its folder.`,
  );
}
