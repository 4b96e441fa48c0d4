// Compiles the sources, once for each state that they are in: to run TypeScript through a loader costs seconds of every process and thread.
// What was compiled lies beside src, in a folder named after a hash of the sources, so that it is never stale.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";

const root = fileURLToPath(new URL("../", import.meta.url));
const sources = join(root, "src");
const PREFIX = ".compiled-";
const DRAFT_PREFIX = ".compiling-";
/** A process that still runs on what other sources were compiled to was started less long ago. */
const KEPT_MILLISECONDS = 30 * 24 * 3600 * 1000;

/** Imports a module of src, named without its ending. Where nothing can be written, it is run from the sources, and whoever looks is told. */
export async function runSource(name) {
  let directory;
  try {
    directory = await compiledSources();
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes(error.code)) throw error;
    if (isMainThread)
      console.error(
        `Berth starts slowly, since nothing can be written to ${root} (${error.code}); let somebody who may run \`node bin/compile.js\` there once.`,
      );
    const { register } = await import("tsx/esm/api");
    register();
    return import(pathToFileURL(join(sources, `${name}.ts`)).href);
  }
  return import(pathToFileURL(join(directory, `${name}.js`)).href);
}

/** The folder with the sources as JavaScript. Where two processes make it at once, one of them throws its own away. */
export async function compiledSources() {
  const paths = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(sources.length + 1))
    .sort();
  const directory = join(root, PREFIX + hashOf(paths));
  if (existsSync(directory)) {
    touch(directory);
    return directory;
  }
  const draft = mkdtempSync(join(root, DRAFT_PREFIX));
  try {
    await compile(paths, draft);
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
  removeOld(directory);
  return directory;
}

function hashOf(paths) {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  for (const path of paths) hash.update(`\0${path}\0`).update(readFileSync(join(sources, path)));
  return hash.digest("hex").slice(0, 16);
}

/** File by file, so that each finds what it reads beside itself. */
async function compile(paths, outdir) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: paths.filter((path) => path.endsWith(".ts")).map((path) => join(sources, path)),
    outbase: sources,
    outdir,
    absWorkingDir: root,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
    plugins: [{ name: "file by file", setup: importCompiled }],
  });
  for (const path of paths.filter((path) => !path.endsWith(".ts")))
    cpSync(join(sources, path), join(outdir, path));
}

function importCompiled({ onResolve }) {
  onResolve({ filter: /^\.\.?\// }, ({ kind, path }) =>
    kind === "entry-point" ? undefined : { path: path.replace(/\.ts$/, ".js"), external: true },
  );
}

/** In use: whoever clears up leaves it. */
function touch(directory) {
  try {
    utimesSync(directory, new Date(), new Date());
  } catch {
    // Somebody else's, who clears up himself.
  }
}

function removeOld(current) {
  for (const name of readdirSync(root)) {
    const path = join(root, name);
    if (path === current || !(name.startsWith(PREFIX) || name.startsWith(DRAFT_PREFIX))) continue;
    // Others clear up as well, and their drafts get their names meanwhile.
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > KEPT_MILLISECONDS)
      rmSync(path, { recursive: true, force: true });
  }
}
