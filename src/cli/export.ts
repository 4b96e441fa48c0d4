/** `berth export`: a whole store as one file. */
import { existsSync, renameSync, rmSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Command } from "commander";
import { exportStore } from "../store/portable/export-store.ts";
import type { Store } from "../store/store.ts";
import type { TableDigest } from "../store/portable/table-rows.ts";
import { CommandFailure } from "./command-failure.ts";
import { withConfiguredStore } from "./configured-store.ts";
import type { RowProgress } from "./row-progress.ts";
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
  // Before the store is opened, which may take a while. One that is there is another export's.
  const file = await open(partial, "wx", 0o600).catch((error: unknown) => {
    throw fileTrouble(error, out);
  });
  const progress = rowProgress();
  try {
    const digests = await withConfiguredStore("existing", (store) => written(store, file, { out, progress }));
    renameSync(partial, out);
    progress.clear();
    console.log(`${out}: ${countsText(digests)}`);
  } catch (error) {
    progress.clear();
    await file.close();
    rmSync(partial, { force: true });
    throw fileTrouble(error, out);
  }
}

async function written(
  store: Store,
  file: FileHandle,
  { out, progress }: { readonly out: string; readonly progress: RowProgress },
): Promise<Readonly<Record<string, TableDigest>>> {
  const lines = new PassThrough();
  const end = file.createWriteStream({ flush: true });
  const saved = pipeline(out.endsWith(".gz") ? [lines, createGzip(), end] : [lines, end]);
  const exported = exportStore(store, lines, progress.show).then(
    (digests) => {
      lines.end();
      return digests;
    },
    (error: unknown) => {
      lines.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    },
  );
  // Each fails with the other, and the store may be closed only when both have ended; the pipeline knows what was first.
  const [, first] = await Promise.allSettled([exported, saved]);
  if (first.status === "rejected") throw first.reason;
  return exported;
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
