/** Downloads JSON from a server that may be busy: bounded time for each attempt, bounded attempts, pauses that the server may set. */
import { DateTime } from "luxon";
import { secondsToMilliseconds } from "../domain/units.ts";
import { InvalidInput } from "./input-problem.ts";

/** The outside world that a download needs; a test gives its own clock and pauses. */
export interface WebPort {
  readonly fetch: typeof globalThis.fetch;
  readonly waitSeconds: (seconds: number) => Promise<void>;
  /** Seconds since the Unix epoch. */
  readonly nowSeconds: () => number;
}

/** How patient a download is. */
export interface DownloadLimits {
  readonly maxAttempts: number;
  /** Of one attempt, with its body. */
  readonly timeoutSeconds: number;
  /** Pause before the second attempt; it doubles with each further one. */
  readonly firstPauseSeconds: number;
  /** A server that asks for a longer pause is not waited for. */
  readonly maxPauseSeconds: number;
}

/** Limits for a public price list: half a minute of pauses in all, unless the server asks for more. */
export const DOWNLOAD_LIMITS: DownloadLimits = {
  maxAttempts: 5,
  timeoutSeconds: 30,
  firstPauseSeconds: 2,
  maxPauseSeconds: 120,
};

const TOO_MANY_REQUESTS = 429;
const LEAST_SERVER_ERROR = 500;
const MAX_SHOWN_CHARACTERS = 200;

type Attempt =
  | { readonly kind: "json"; readonly value: unknown }
  /** `pauseSeconds` as the server asks; null when it does not say. */
  | { readonly kind: "again"; readonly reason: string; readonly pauseSeconds: number | null }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * The JSON at an address. Broken connections, timeouts, truncated JSON and the statuses 429 and 5xx are tried again; anything else, and the
 * last attempt's failure, is an InvalidInput that names the address.
 */
export async function downloadJson(
  url: string,
  web: WebPort,
  limits: DownloadLimits = DOWNLOAD_LIMITS,
): Promise<unknown> {
  const reasons: string[] = [];
  for (let attempt = 1; attempt <= limits.maxAttempts; attempt += 1) {
    const outcome = await attemptOnce(url, web, limits);
    if (outcome.kind === "json") return outcome.value;
    if (outcome.kind === "refused")
      throw failure(url, outcome.reason, "Check the address and what is asked of it.");
    reasons.push(outcome.reason);
    if (attempt === limits.maxAttempts) break;
    const pauseSeconds = outcome.pauseSeconds ?? limits.firstPauseSeconds * 2 ** (attempt - 1);
    if (pauseSeconds > limits.maxPauseSeconds)
      throw failure(url, `${outcome.reason} and asks to wait ${pauseSeconds} s`, "Try again then.");
    await web.waitSeconds(pauseSeconds);
  }
  throw failure(
    url,
    `${limits.maxAttempts} attempts failed: ${[...new Set(reasons)].join("; ")}`,
    "Try again later, or check the address and the network.",
  );
}

async function attemptOnce(url: string, web: WebPort, limits: DownloadLimits): Promise<Attempt> {
  let response: Response;
  let text: string;
  try {
    response = await web.fetch(url, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(secondsToMilliseconds(limits.timeoutSeconds)),
    });
    text = await response.text();
  } catch (error) {
    return { kind: "again", reason: connectionFailure(error, limits), pauseSeconds: null };
  }
  const { status } = response;
  if (status === TOO_MANY_REQUESTS || status >= LEAST_SERVER_ERROR) {
    const pauseSeconds = retryAfterSeconds(response.headers.get("retry-after"), web.nowSeconds());
    return { kind: "again", reason: `the server answers ${status}`, pauseSeconds };
  }
  if (!response.ok) {
    const said = text.trim() === "" ? "" : ` (${text.trim().slice(0, MAX_SHOWN_CHARACTERS)})`;
    return { kind: "refused", reason: `the server answers ${status}${said}` };
  }
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "json", value };
  } catch {
    return {
      kind: "again",
      reason: `what came is not JSON (${text.length} characters)`,
      pauseSeconds: null,
    };
  }
}

function connectionFailure(error: unknown, { timeoutSeconds }: DownloadLimits): string {
  if (!(error instanceof Error)) throw error;
  if (error.name === "TimeoutError") return `no whole answer within ${timeoutSeconds} s`;
  // fetch says only "fetch failed"; what happened is in the cause.
  const { cause } = error;
  return cause instanceof Error && cause.message !== ""
    ? `${error.message}: ${cause.message}`
    : error.message;
}

/** Retry-After in seconds (RFC 9110 §10.2.3: seconds, or a date); null when it is absent or says nothing. */
function retryAfterSeconds(header: string | null, nowSeconds: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const date = DateTime.fromHTTP(header);
  return date.isValid ? Math.max(0, Math.ceil(date.toSeconds() - nowSeconds)) : null;
}

function failure(url: string, message: string, fix: string): InvalidInput {
  return new InvalidInput(url, [{ path: "", value: url, message, fix }]);
}
