/** Starts a program that is written for tests, in a process of its own, compiled as the sources are that it imports. */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { build } from "esbuild";
import { compiledSources } from "../../bin/compiled.js";

/** Beside the compiled sources, and thrown away with them. */
const FOLDER = "programs-of-tests";

/** A process; what it says on standard error is said here. */
export type Program = ChildProcessByStdio<null, Readable, null>;

/** Starts it with arguments and with more environment variables. */
export async function startProgram(
  program: URL,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Program> {
  return spawn(process.execPath, [await compiledProgram(fileURLToPath(program)), ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The file that it is compiled to, named after what is in it: it may be in use. */
async function compiledProgram(path: string): Promise<string> {
  const sources = await compiledSources();
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
    plugins: [onCompiled(sources)],
  });
  const text = outputFiles.map((file) => file.text).join("");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const folder = join(sources, FOLDER);
  const file = join(folder, `${basename(path, ".ts")}-${hash}.js`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
  return file;
}

function onCompiled(sources: string): Plugin {
  return {
    name: "on compiled sources",
    setup: (bundler) => {
      bundler.onResolve({ filter: /^[./]+\/src\/.*\.ts$/ }, ({ path }) => {
        const compiled = join(sources, path.replace(/^[./]+\/src\//, "").replace(/\.ts$/, ".js"));
        return { path: pathToFileURL(compiled).href, external: true };
      });
    },
  };
}
