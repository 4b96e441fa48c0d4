/** A service in a process of its own that can be killed and started again, always at the same address. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { setTimeout as wait } from "node:timers/promises";

const root = fileURLToPath(new URL("../../", import.meta.url));
const READY_WITHIN_SECONDS = 120;
const KEPT_OUTPUT_CHARACTERS = 4000;

/** One place of a campaign where a service runs, most of the time. */
export interface ServiceProcess {
  readonly name: string;
  readonly url: string;
  /** Starts it; resolves once it listens, and rejects with its last words when it ends instead. */
  readonly start: () => Promise<void>;
  /** Starts it without waiting: it is meant to be killed before it listens. */
  readonly launch: () => void;
  /** kill -9; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Ends it in order; resolves with its exit code. */
  readonly stop: () => Promise<number | null>;
  /** What it printed when it ended although nobody had ended it; null while that has not happened. */
  readonly death: () => string | null;
}

const running = new Set<ChildProcess>();
// A campaign that ends early, whatever the reason, leaves no service behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A service with these environment variables on a free port; it is not started yet. */
export async function serviceProcess(
  name: string,
  environment: Readonly<Record<string, string>>,
  nodeArguments: readonly string[] = [],
): Promise<ServiceProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  let output = "";
  let death: string | null = null;

  const launch = (): ChildProcess => {
    const started = spawn(process.execPath, [...nodeArguments, "bin/serve.js"], {
      cwd: root,
      env: { ...process.env, PORT: `${port}`, ...CAMPAIGN_ENVIRONMENT, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    output = "";
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARACTERS);
    };
    started.stdout.on("data", hear);
    started.stderr.on("data", hear);
    running.add(started);
    started.once("exit", (code, signal) => {
      running.delete(started);
      if (child !== started) return;
      child = null;
      death = `${name} ended by itself (${signal ?? code}):\n${output}`;
    });
    child = started;
    return started;
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return null;
    return new Promise((resolve) => {
      ending.once("exit", (code) => {
        resolve(code);
      });
      ending.kill(signal);
    });
  };
  return {
    name,
    url,
    launch: () => void launch(),
    start: async () => {
      const started = launch();
      const giveUpAt = performance.now() + READY_WITHIN_SECONDS * 1000;
      while (performance.now() < giveUpAt) {
        if (child !== started) throw new Error(death ?? `${name} was killed before it listened`);
        if (output.includes("The plan lives at")) return;
        await wait(10);
      }
      throw new Error(`${name} does not listen after ${READY_WITHIN_SECONDS} s:\n${output}`);
    },
    kill: async () => {
      await end("SIGKILL");
    },
    stop: () => end("SIGTERM"),
    death: () => death,
  };
}

/** Clients of campaigns are many and busy, and what a service logs tells why it died. */
const CAMPAIGN_ENVIRONMENT = {
  BERTH_RATE_LIMIT_READS_PER_MINUTE: "off",
  BERTH_RATE_LIMIT_WRITES_PER_MINUTE: "off",
  BERTH_LOG_LEVEL: "error",
};

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("No free port on 127.0.0.1"));
        else resolve(address.port);
      });
    });
  });
}
