/**
 * How the service ends:
 *
 *   signal → not ready → takes no new requests, those under way end (or are cut off after the grace period) → closing steps, in order → exit
 *
 * Only the order is here; what each step does is given. A second signal ends at once, with exit code 1.
 */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";

/** One thing to close, by a name for the log. */
export interface ClosingStep {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

/** What a shutdown does, and what it does it with. */
export interface Shutdown {
  /** Makes /readyz answer 503 and ends event streams, which would otherwise last for the whole grace period. */
  readonly markUnready: () => void;
  /** Stops listening; resolves when no request is under way any more. */
  readonly drain: () => Promise<void>;
  /** Cuts off the requests that are still under way. */
  readonly abandon: () => void;
  /** How long requests under way may take. */
  readonly graceSeconds: number;
  /** Run one after the other: what is used goes after its users, so the store comes last. A failure does not keep the rest from closing. */
  readonly closing: readonly ClosingStep[];
  readonly clock: Pick<Clock, "after">;
  readonly logger: Logger;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** Receives signals; Node's `process`. */
export interface SignalSource {
  readonly on: (signal: "SIGINT" | "SIGTERM", listener: () => void) => unknown;
}

/** A step that takes longer is left behind: the service's supervisor would kill the process anyhow, and the steps after it would be lost. */
export const STEP_SECONDS = 5;

/** Shuts down at SIGINT or SIGTERM. */
export function shutDownOnSignal(signals: SignalSource, shutdown: Shutdown): void {
  let isUnderWay = false;
  const stop = (signal: string): void => {
    if (isUnderWay) {
      shutdown.logger.warn({ signal }, "a second signal: the process ends at once");
      shutdown.exit(1);
      return;
    }
    isUnderWay = true;
    shutdown.logger.info({ signal }, "shutting down");
    void shutDown(shutdown).then((code) => {
      shutdown.exit(code);
    });
  };
  signals.on("SIGINT", () => {
    stop("SIGINT");
  });
  signals.on("SIGTERM", () => {
    stop("SIGTERM");
  });
}

/** Runs a shutdown; gives the exit code: 0, or 1 when a step failed or took too long. Never rejects. */
export async function shutDown(shutdown: Shutdown): Promise<number> {
  const { markUnready, drain, abandon, graceSeconds, closing, clock, logger } = shutdown;
  let code = 0;
  const attempt = async (
    name: string,
    run: () => Promise<void> | void,
    limitSeconds: number,
  ): Promise<void> => {
    try {
      if ((await endsWithin(clock, limitSeconds, run)) === "late") {
        logger.error({ step: name, limitSeconds }, "a step of the shutdown took too long and is left behind");
        code = 1;
      }
    } catch (error) {
      logger.error({ err: error, step: name }, "a step of the shutdown failed");
      code = 1;
    }
  };
  await attempt("mark unready", markUnready, STEP_SECONDS);
  await attempt(
    "drain",
    async () => {
      // Requests that outlast the grace period are cut off as announced: that is no failure of the shutdown.
      const drained = drain();
      if ((await endsWithin(clock, graceSeconds, () => drained)) === "late") {
        logger.warn({ graceSeconds }, "requests were still under way after the grace period and are cut off");
        abandon();
        await drained;
      }
    },
    graceSeconds + STEP_SECONDS,
  );
  for (const { name, close } of closing) await attempt(name, close, STEP_SECONDS);
  logger.info({ exitCode: code }, "shut down");
  return code;
}

async function endsWithin(
  clock: Pick<Clock, "after">,
  limitSeconds: number,
  run: () => Promise<void> | void,
): Promise<"in-time" | "late"> {
  let callOff = (): void => undefined;
  const late = new Promise<"late">((resolve) => {
    callOff = clock.after(limitSeconds, () => {
      resolve("late");
    });
  });
  try {
    return await Promise.race([Promise.resolve(run()).then(() => "in-time" as const), late]);
  } finally {
    callOff();
  }
}
