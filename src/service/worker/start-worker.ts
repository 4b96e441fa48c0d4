/** Starts a worker thread, and relays what it measures. */
import type { DatabaseAddress } from "../../store/connect.ts";
import { typescriptThread } from "../../store/typescript-thread.ts";
import type { DecisionMeasure } from "../operations/metrics.ts";
import type { WebhookAllowance } from "../security/webhook-address.ts";
import type { Retention } from "./retention.ts";

/** What the thread is given. */
export interface WorkerThreadData {
  readonly address: DatabaseAddress;
  readonly logLevel: string;
  readonly webhookAllow: readonly WebhookAllowance[];
  readonly retention: Retention;
}

/** What the thread says. Any message to it asks it to close. */
export type WorkerMessage =
  { readonly kind: "ready" } | { readonly kind: "decision"; readonly measure: DecisionMeasure };

/** A worker thread at work. */
export interface StartedWorker {
  /** Resolves, at most once, when the thread ended without being asked to. */
  readonly failure: Promise<Error>;
  readonly close: () => Promise<void>;
}

/** Starts it and waits until it works. */
export async function startWorker(
  data: WorkerThreadData,
  onDecision: (measure: DecisionMeasure) => void,
): Promise<StartedWorker> {
  const thread = typescriptThread(new URL("./worker-thread.ts", import.meta.url), data);
  let isClosing = false;
  const ended = new Promise<Error | null>((resolve) => {
    let cause: Error | null = null;
    thread.once("error", (error: unknown) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    thread.once("exit", (code) => {
      resolve(isClosing ? null : (cause ?? new Error(`the worker thread ended with code ${code}`)));
    });
  });
  const ready = new Promise<void>((resolve) => {
    thread.on("message", (message: WorkerMessage) => {
      if (message.kind === "ready") resolve();
      else onDecision(message.measure);
    });
  });
  const early = await Promise.race([ready, ended]);
  if (early instanceof Error) throw early;
  return {
    failure: ended.then((error) => error ?? new Promise<never>(() => undefined)),
    close: async () => {
      isClosing = true;
      thread.postMessage("close");
      await ended;
    },
  };
}
