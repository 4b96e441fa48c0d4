import {
  accessSync,
  constants,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { InvalidInput } from "./input-problem.ts";

/** A file to write. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes files (UTF-8) so that nobody ever reads half of one: each is written beside its place and then renamed, and none is renamed before all are
 * written. Throws InvalidInput naming the file that cannot be written; nothing new is left then. Pipes and devices cannot be replaced, and are written to.
 */
export function replaceFiles(files: readonly FileText[]): void {
  const streams: FileText[] = [];
  const written: { readonly path: string; readonly temporary: string }[] = [];
  try {
    for (const { path, text } of files) {
      attempt(path, () => {
        if (isStream(path)) {
          streams.push({ path, text });
          return;
        }
        const place = linkedPlace(path);
        const temporary = `${place}.${process.pid}.tmp`;
        written.push({ path: place, temporary });
        writeFileSync(temporary, text);
      });
    }
    for (const { path, temporary } of written) {
      attempt(path, () => {
        renameSync(temporary, path);
      });
    }
    for (const { path, text } of streams) {
      attempt(path, () => {
        writeFileSync(path, text);
      });
    }
  } finally {
    for (const { temporary } of written) rmSync(temporary, { force: true });
  }
}

/** Throws InvalidInput where files cannot be written: asked before there is anything to write, so that no work is lost on it. */
export function requireWritable(paths: readonly string[]): void {
  for (const path of paths) {
    attempt(path, () => {
      if (isStream(path)) {
        accessSync(path, constants.W_OK);
        return;
      }
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
        throw new Error("it is a folder");
      accessSync(dirname(linkedPlace(path)), constants.W_OK);
    });
  }
}

/** Makes a folder for output where there is none. Throws InvalidInput where that cannot be. */
export function requireFolder(path: string): void {
  attempt(path, () => {
    mkdirSync(path, { recursive: true });
  });
}

function isStream(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Of a link, what it leads to: that is replaced, and the link stays. */
const linkedPlace = (path: string): string =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true ? realpathSync(path) : path;

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
