/** `berth export`: a whole store as one file. */
import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Command } from "commander";
import { exportStore } from "../store/portable/export-store.ts";
import type { TableDigest } from "../store/portable/table-rows.ts";
import { CommandFailure } from "./command-failure.ts";
import { withConfiguredStore } from "./configured-store.ts";
import { rowProgress } from "./row-progress.ts";

/** The command. */
export function exportCommand(): Command {
  return new Command("export")
    .description(
      "Writes everything that a service keeps (DATABASE_URL, or BERTH_DATA_DIR while no service uses it) to a file for berth import: to move between a directory and PostgreSQL, or as a backup. The file holds webhooks' secrets.",
    )
    .requiredOption("--out <file>", "file to write, which must not exist; compressed if it ends in .gz")
    .action(exportAll);
}

async function exportAll({ out }: { readonly out: string }): Promise<void> {
  if (existsSync(out)) throw new CommandFailure(2, `--out: ${out} is there already; name another file.`);
  const partial = `${out}.partial`;
  const progress = rowProgress();
  try {
    const digests = await withConfiguredStore(async (store) => {
      const lines = new PassThrough();
      const file = createWriteStream(partial, { mode: 0o600, flags: "wx", flush: true });
      const stages = out.endsWith(".gz") ? [lines, createGzip(), file] : [lines, file];
      const [written] = await Promise.all([
        exportStore(store, lines, progress.show).then(
          (found) => {
            lines.end();
            return found;
          },
          (error: unknown) => {
            lines.destroy(error instanceof Error ? error : new Error(String(error)));
            throw error;
          },
        ),
        pipeline(stages),
      ]);
      return written;
    });
    renameSync(partial, out);
    progress.clear();
    console.log(`${out}: ${countsText(digests)}`);
  } catch (error) {
    progress.clear();
    rmSync(partial, { force: true });
    throw fileTrouble(error, out);
  }
}

/** "1 cluster row, 20 events rows, …" */
export const countsText = (digests: Readonly<Record<string, TableDigest>>): string =>
  Object.entries(digests)
    .map(([table, { rowCount }]) => `${table} ${rowCount}`)
    .join(", ");

/** A full disk or a missing folder is nothing wrong with Berth. */
export function fileTrouble(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new CommandFailure(2, `${path}: ${error.message}`);
}
