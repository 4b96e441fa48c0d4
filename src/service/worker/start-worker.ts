/** Starts a worker thread, and relays what it measures. */
import type { DatabaseAddress } from "../../store/connect.ts";
import type { ComparisonKind } from "../../store/schema.ts";
import { typescriptThread } from "../../store/typescript-thread.ts";
import { assertNever } from "../../domain/assert-never.ts";
import type { TakenIn } from "../operations/metered-store.ts";
import type { DecisionMeasure, Metrics } from "../operations/metrics.ts";
import type { ComparisonOutcome, DeliveryMeasure } from "../operations/work-metrics.ts";
import type { QueueDepth } from "../queue/open-queue.ts";
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
  | { readonly kind: "ready" }
  | { readonly kind: "decision"; readonly measure: DecisionMeasure }
  | { readonly kind: "took-in"; readonly taken: TakenIn }
  | { readonly kind: "delivery"; readonly measure: DeliveryMeasure }
  | { readonly kind: "comparison"; readonly outcome: ComparisonOutcome; readonly what: ComparisonKind }
  | { readonly kind: "queues"; readonly depths: readonly QueueDepth[] | null };

/** A worker thread at work. */
export interface StartedWorker {
  /** Resolves, at most once, when the thread ended without being asked to. */
  readonly failure: Promise<Error>;
  readonly close: () => Promise<void>;
}

/** Starts it and waits until it works. */
export async function startWorker(
  data: WorkerThreadData,
  metrics: Pick<Metrics, "decided" | "tookIn" | "deliveryTried" | "comparisonEnded" | "queuesAre">,
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
      switch (message.kind) {
        case "ready":
          resolve();
          return;
        case "decision":
          metrics.decided(message.measure);
          return;
        case "took-in":
          metrics.tookIn(message.taken);
          return;
        case "delivery":
          metrics.deliveryTried(message.measure);
          return;
        case "comparison":
          metrics.comparisonEnded(message.outcome, message.what);
          return;
        case "queues":
          metrics.queuesAre(message.depths);
          return;
        default:
          assertNever(message);
      }
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
