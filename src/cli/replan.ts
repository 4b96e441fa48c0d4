/** `berth replan`: asks a service to decide again, for whoever has a cron of their own. */
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { secondsToMilliseconds } from "../domain/units.ts";
import { CommandFailure } from "./command-failure.ts";

interface ReplanOptions {
  readonly url: string;
  readonly cluster?: string;
  readonly keyFile?: string;
}

const MOST_TRIES = 5;
const FIRST_PAUSE_SECONDS = 1;
/** A service that asks for more is not waited for: the next run of the schedule comes by itself. */
const LONGEST_PAUSE_SECONDS = 30;
const TIMEOUT_SECONDS = 30;
/** The service is there and cannot answer now. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The command. */
export function replanCommand(): Command {
  return new Command("replan")
    .description(
      "Asks a service to decide again, as its timer does. Exit code 0: accepted; 1: the service is in trouble or not reached, after 5 tries; 2: wrong option, address or key.",
    )
    .requiredOption("--url <url>", "address of the service, for example http://127.0.0.1:8080")
    .option("--cluster <id>", "cluster (default: the service's default cluster)")
    .option("--key-file <file>", "file with an API key of scope plan (default: the variable BERTH_API_KEY)")
    .action(replan);
}

async function replan({ url, cluster, keyFile }: ReplanOptions): Promise<void> {
  const target = replanUrl(url, cluster);
  const key = keyFile === undefined ? process.env["BERTH_API_KEY"] : keyOf(keyFile);
  const headers = {
    "content-type": "application/json",
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  let trouble = "";
  for (let tryNumber = 1; tryNumber <= MOST_TRIES; tryNumber += 1) {
    let pauseSeconds = FIRST_PAUSE_SECONDS * 2 ** (tryNumber - 1);
    try {
      const answer = await fetch(target, {
        method: "POST",
        headers,
        body: "{}",
        // A redirect could carry the key elsewhere.
        redirect: "manual",
        signal: AbortSignal.timeout(secondsToMilliseconds(TIMEOUT_SECONDS)),
      });
      const text = await answer.text();
      if (answer.status === 202) {
        console.log(text);
        return;
      }
      trouble = `${target.href} answered ${answer.status}: ${detailOf(text)}`;
      if (!PASSING.has(answer.status)) throw new CommandFailure(answer.status >= 500 ? 1 : 2, trouble);
      const asked = Number(answer.headers.get("retry-after") ?? NaN);
      if (asked >= 0) pauseSeconds = asked;
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      trouble = `${target.href} is not reached: ${causeOf(error)}`;
    }
    if (tryNumber === MOST_TRIES || pauseSeconds > LONGEST_PAUSE_SECONDS) break;
    await setTimeout(secondsToMilliseconds(pauseSeconds));
  }
  throw new CommandFailure(1, `${trouble}. Not accepted; look at the service's /readyz and log.`);
}

function replanUrl(text: string, cluster: string | undefined): URL {
  const base = URL.canParse(text) ? new URL(text) : null;
  if (base === null || (base.protocol !== "http:" && base.protocol !== "https:"))
    throw new CommandFailure(
      2,
      `--url: "${text}" is no address of a service; give one such as http://127.0.0.1:8080.`,
    );
  const path = cluster === undefined ? "v1/replan" : `v1/clusters/${encodeURIComponent(cluster)}/replan`;
  return new URL(path, base.href.endsWith("/") ? base : `${base.href}/`);
}

function keyOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new CommandFailure(2, `--key-file: ${path} cannot be read (${causeOf(error)}).`);
  }
}

/** What a problem says, without the rest of it. */
function detailOf(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === "object" && problem !== null && "detail" in problem) return String(problem.detail);
  } catch {
    // It is no problem of Berth's: perhaps a proxy's page.
  }
  return text.slice(0, 200);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
