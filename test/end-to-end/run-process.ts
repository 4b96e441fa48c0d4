/** Runs the project's own commands as a user would: in processes of their own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { copyDataDirectory } from "../support/database-template.ts";
import type { Finished } from "../support/run-command.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `berth <words>` to its end. */
export function berth(...words: readonly string[]): Promise<Finished> {
  return finished(spawn(process.execPath, ["bin/berth.js", ...words], { cwd: root }));
}

/** Runs `berth <words>` to its end, with more environment variables. */
export function berthWith(
  environment: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<Finished> {
  const env = { ...process.env, ...environment };
  return finished(spawn(process.execPath, ["bin/berth.js", ...words], { cwd: root, env }));
}

/** A service that was started as `npm start` does. */
export interface Started {
  readonly process: ChildProcess;
  /** Everything printed up to the line that says where the plan lives. */
  readonly banner: string;
  readonly url: string;
  readonly ended: Promise<Finished>;
}

/**
 * Starts the service on a free port and waits until it says where it is. Its store is a directory of its own that was used before and is empty,
 * removed when it ends, unless the environment names one.
 */
export async function startService(environment: Readonly<Record<string, string>>): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), "berth-test-"));
  const dataDirectory = join(directory, "data");
  const isStoreNamed = "DATABASE_URL" in environment || "BERTH_DATA_DIR" in environment;
  if (!isStoreNamed) await copyDataDirectory(dataDirectory);
  const store = isStoreNamed ? {} : { BERTH_DATA_DIR: dataDirectory };
  const child = spawn(process.execPath, ["bin/serve.js"], {
    cwd: root,
    env: { ...process.env, PORT: "0", ...store, ...environment },
  });
  const ended = finished(child).finally(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const banner = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("The plan lives at")) resolve(text);
    });
    void ended.then(({ stderr }) => {
      reject(new Error(`the service ended before it listened: ${stderr}`));
    });
  });
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(banner)?.[0];
  if (url === undefined) throw new Error(`no address in: ${banner}`);
  return { process: child, banner, url, ended };
}

/** Waits for a process to end. */
export function finished(child: ChildProcess): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => {
      resolve({ exitCode, stdout, stderr });
    });
  });
}
