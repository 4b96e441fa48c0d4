/** A worker in a thread of its own, so that decisions never keep requests waiting. See start-worker.ts for the messages. */
import { setPriority } from "node:os";
import { platform } from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { pino } from "pino";
import { loadReferenceData } from "../../catalog/reference-data.ts";
import { loggerOptions } from "../security/redaction.ts";
import { runWorker } from "./run-worker.ts";
import type { WorkerMessage, WorkerThreadData } from "./start-worker.ts";

/** Of 19; each step is worth about a fifth of the CPU time where cores are short. */
const NICENESS = 4;

const port = parentPort;
if (port === null) throw new Error("worker-thread.ts runs as a worker thread only");
const tell = (message: WorkerMessage): void => {
  port.postMessage(message);
};

// Decisions give way to requests where cores are few. Linux takes this for the thread that asks and for those that it starts; elsewhere it would be the
// whole process. Not by more: what holds a cluster's row must come to its end where others wait for it.
if (platform === "linux") setPriority(NICENESS);

const { address, logLevel, webhookAllow, retention } = workerData as WorkerThreadData;
const worker = await runWorker({
  address,
  logger: pino(loggerOptions(logLevel)),
  reference: loadReferenceData(),
  webhookRules: { allow: webhookAllow },
  retention,
  metrics: {
    deliveryTried: (measure) => {
      tell({ kind: "delivery", measure });
    },
    comparisonEnded: (outcome, what) => {
      tell({ kind: "comparison", outcome, what });
    },
    queuesAre: (depths) => {
      tell({ kind: "queues", depths });
    },
  },
  onTaken: (taken) => {
    tell({ kind: "took-in", taken });
  },
  onDecision: ({ clusterId, plan, tookSeconds }) => {
    const { gap, objective, stopReason } = plan.proof;
    tell({
      kind: "decision",
      measure: { clusterId, policy: plan.policy, stopReason, durationSeconds: tookSeconds, gap, objective },
    });
  },
});
port.once("message", () => {
  void worker.close().then(() => {
    port.close();
  });
});
tell({ kind: "ready" });
