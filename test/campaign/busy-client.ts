/**
 * A client as an impatient user would be: it submits, reports, completes, cancels and reads without a pause, repeats whatever was not answered,
 * and remembers what it was told. It touches only its own jobs, so it knows what each answer must be.
 */
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { pick, seededRandom } from "../../src/domain/seeded-random.ts";
import type { Acknowledged } from "../service/audit-promises.ts";

/** A client at work. */
export interface BusyClient {
  readonly acknowledged: readonly Acknowledged[];
  /** Answers that no fault excuses. */
  readonly surprises: readonly string[];
  /** Requests that had to be repeated. */
  readonly repeatedCount: () => number;
  /** Ends after the request under way was answered. */
  readonly stop: () => Promise<void>;
}

const MAX_BATCH_JOBS = 3;
const PAUSE_MILLISECONDS = 300;
const RETRY_MILLISECONDS = 50;
const REQUEST_TIMEOUT_MILLISECONDS = 20_000;
const HOURS_UNTIL_DUE = 48;
const WORKLOADS = [
  { network: "resnet50", framework: "pytorch", batchSize: 64 },
  { network: "resnet18", framework: "pytorch", batchSize: 128 },
  { network: "vgg19", framework: "tensorflow", batchSize: 32 },
  { network: "alexnet", framework: "tensorflow", batchSize: 256 },
] as const;

const acceptedSchema = z.object({ revision: z.int() });
const submittedSchema = acceptedSchema.extend({ jobIds: z.array(z.string()) });
const planSchema = z.object({ revision: z.int(), nodes: z.array(z.object({ id: z.string() })) });

interface Reply {
  readonly status: number;
  readonly json: unknown;
  /** Whether an earlier try of the same request got no answer, and may have been taken in. */
  readonly isRepeated: boolean;
}

/** Starts a client; requests go to one of the addresses at random. Seeds of clients must differ. */
export function busyClient(args: {
  readonly urls: readonly string[];
  readonly seed: number;
  /** Says something to whoever watches the campaign. */
  readonly onAcknowledged: (promise: Acknowledged) => void;
}): BusyClient {
  const { urls, seed, onAcknowledged } = args;
  const random = seededRandom(seed);
  const acknowledged: Acknowledged[] = [];
  const surprises: string[] = [];
  const open: string[] = [];
  let requestCount = 0;
  let repeatedCount = 0;
  let lastRevision = 0;
  let isStopped = false;

  const keep = (promise: Acknowledged): void => {
    acknowledged.push(promise);
    onAcknowledged(promise);
  };
  /** Repeats until there is an answer; null where the client stops first, or where repeating is not allowed. */
  const ask = async (
    path: string,
    request: RequestInit,
    onTrouble: "repeat" | "give-up",
  ): Promise<Reply | null> => {
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        const response = await fetch(`${pick(random, urls)}${path}`, {
          ...request,
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
        });
        const text = await response.text();
        if (response.status < 500) {
          const json: unknown = text === "" ? null : JSON.parse(text);
          return { status: response.status, json, isRepeated };
        }
      } catch {
        // The service is down, or went down before it answered.
      }
      if (onTrouble === "give-up" || isStopped) return null;
      repeatedCount += 1;
      await wait(RETRY_MILLISECONDS);
    }
  };
  const surprise = (what: string, { status, json }: Reply): void => {
    surprises.push(`${what}: ${status} ${JSON.stringify(json).slice(0, 300)}`);
  };

  const submit = async (): Promise<void> => {
    requestCount += 1;
    const key = `client-${seed}-${requestCount}`;
    const jobs = Array.from({ length: 1 + Math.floor(random() * MAX_BATCH_JOBS) }, (_, index) => ({
      ...pick(random, WORKLOADS),
      samples: 1000 * (100 + Math.floor(random() * 900)),
      epochs: 1 + Math.floor(random() * 3),
      dueAt: new Date(Date.now() + random() * HOURS_UNTIL_DUE * 3_600_000).toISOString(),
      // The mark of this job: no other has it (see audit-promises.ts).
      tardinessCostPerHourUsd: 10 + (seed * 1e6 + requestCount * 10 + index) / 1e8,
    }));
    const reply = await ask("/v1/jobs", jsonRequest({ jobs }, { "idempotency-key": key }), "repeat");
    if (reply === null) return;
    if (reply.status !== 202) {
      surprise(`submission ${key}`, reply);
      return;
    }
    const { jobIds, revision } = submittedSchema.parse(reply.json);
    open.push(...jobIds);
    keep({ kind: "jobs", clusterId: "default", revision, jobIds, key });
  };
  const report = async (): Promise<void> => {
    const jobId = pick(random, open);
    const share = Math.floor(random() * 1e9) / 1e9;
    const body = { kind: "progress-reported", jobId, completedShare: share };
    // It has no key, so it is not repeated: a repetition could count twice.
    const reply = await ask("/v1/events", jsonRequest(body), "give-up");
    if (reply === null) return;
    if (reply.status !== 202) surprise(`progress of ${jobId}`, reply);
    else keep({ kind: "progress-reported", clusterId: "default", ...acceptedOf(reply), jobId, share });
  };
  const end = async (how: "job-completed" | "job-cancelled"): Promise<void> => {
    const [jobId] = open.splice(Math.floor(random() * open.length), 1);
    if (jobId === undefined) return;
    const reply =
      how === "job-completed"
        ? await ask("/v1/events", jsonRequest({ kind: how, jobId }), "repeat")
        : await ask(`/v1/jobs/${jobId}`, { method: "DELETE" }, "repeat");
    if (reply === null) return;
    if (reply.status === 202) keep({ kind: how, clusterId: "default", ...acceptedOf(reply), jobId });
    else if (reply.status !== 409 || !reply.isRepeated) surprise(`${how} of ${jobId}`, reply);
  };
  const readPlan = async (): Promise<readonly string[]> => {
    const reply = await ask("/v1/plan", {}, "repeat");
    if (reply === null) return [];
    if (reply.status !== 200) {
      surprise("the plan", reply);
      return [];
    }
    const plan = planSchema.parse(reply.json);
    if (plan.revision < lastRevision) surprises.push(`plan ${plan.revision} came after plan ${lastRevision}`);
    lastRevision = plan.revision;
    return plan.nodes.map(({ id }) => id);
  };
  const loseNode = async (): Promise<void> => {
    const nodes = await readPlan();
    if (nodes.length === 0) return;
    const nodeId = pick(random, nodes);
    const reply = await ask("/v1/events", jsonRequest({ kind: "node-lost", nodeId }), "give-up");
    // 409: a plan has given it back, or another client has lost it, in the meantime.
    if (reply === null || reply.status === 409) return;
    if (reply.status !== 202) surprise(`loss of ${nodeId}`, reply);
    else keep({ kind: "node-lost", clusterId: "default", ...acceptedOf(reply), nodeId });
  };
  const act = async (): Promise<void> => {
    const draw = random();
    if (open.length === 0 || draw < 0.35) await submit();
    else if (draw < 0.55) await report();
    else if (draw < 0.72) await end("job-completed");
    else if (draw < 0.8) await end("job-cancelled");
    else if (draw < 0.84) await loseNode();
    else await readPlan();
  };
  const isDone = (): boolean => isStopped;
  const work = (async (): Promise<void> => {
    while (!isDone()) {
      await act();
      await wait(random() * PAUSE_MILLISECONDS);
    }
  })();
  return {
    acknowledged,
    surprises,
    repeatedCount: () => repeatedCount,
    stop: async () => {
      isStopped = true;
      await work;
    },
  };
}

const acceptedOf = ({ json }: Reply): { readonly revision: number } => acceptedSchema.parse(json);

const jsonRequest = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});
