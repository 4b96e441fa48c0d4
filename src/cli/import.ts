/** `berth import`: takes what `berth export` wrote into an empty store. */
import { createReadStream } from "node:fs";
import { access, constants } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { Command } from "commander";
import { ImportRefused, importStore } from "../store/portable/import-store.ts";
import { CommandFailure } from "./command-failure.ts";
import { withConfiguredStore } from "./configured-store.ts";
import { countsText, fileTrouble } from "./export.ts";
import { rowProgress } from "./row-progress.ts";

/** The command. */
export function importCommand(): Command {
  return new Command("import")
    .description(
      "Takes a file of berth export into an empty store (DATABASE_URL, or BERTH_DATA_DIR), row for row as it was, and checks it: all of it is taken in, or nothing. Exit code 2: it was not.",
    )
    .argument("<file>", "file of berth export, compressed if it ends in .gz")
    .action(importAll);
}

async function importAll(path: string): Promise<void> {
  // Before the store is opened, which makes one where there is none.
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw fileTrouble(error, path);
  });
  const progress = rowProgress();
  try {
    const digests = await withConfiguredStore("any", (store) =>
      importStore(store, linesOf(path), progress.show),
    );
    progress.clear();
    console.log(`Imported and checked: ${countsText(digests)}`);
  } catch (error) {
    progress.clear();
    if (error instanceof ImportRefused) throw new CommandFailure(2, error.message);
    throw fileTrouble(error, path);
  }
}

/** Errors of the file come out where the lines are read. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  let trouble: Error | undefined;
  const lines = createInterface({ input: text, crlfDelay: Infinity });
  for (const stream of [file, text])
    stream.once("error", (error: Error) => {
      trouble ??= error;
      lines.close();
    });
  for await (const line of lines) if (line !== "") yield line;
  if (trouble === undefined) return;
  throw "syscall" in trouble ? trouble : new ImportRefused(`${path} cannot be unpacked: ${trouble.message}`);
}
