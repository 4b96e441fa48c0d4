/**
 * The client of the load benchmark, in a process of its own. Arrivals are open-loop: a request is due at its time whether or not those before it were
 * answered, and its latency counts from that time, so that a service which stalls cannot hide it.
 */
import { Agent, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** What the client is asked to do; everything starts at once. */
export interface LoadOrder {
  readonly url: string;
  readonly seconds: number;
  readonly batchesPerSecond: number;
  readonly jobsPerBatch: number;
  readonly readsPerSecond: number;
}

/** What it saw: seconds of each request that was answered as it should be, and how many were not, by what came instead. */
export interface LoadReport {
  readonly batchSeconds: readonly number[];
  readonly readSeconds: readonly number[];
  readonly errors: Readonly<Record<string, number>>;
  /** From the first request's time to the last answer. */
  readonly tookSeconds: number;
  /** CPU that the client itself used. */
  readonly clientCpuSeconds: number;
}

const MAX_SOCKETS = 128;
const TIMEOUT_MILLISECONDS = 30_000;
const HOURS_UNTIL_DUE = 24;
const WORKLOADS = [
  { network: "resnet50", framework: "pytorch", batchSize: 64 },
  { network: "resnet18", framework: "pytorch", batchSize: 128 },
  { network: "vgg19", framework: "tensorflow", batchSize: 32 },
  { network: "alexnet", framework: "tensorflow", batchSize: 256 },
];

const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
const errors = new Map<string, number>();

process.once("message", (order: LoadOrder) => {
  void run(order).then((report) => {
    process.send?.(report, () => process.exit(0));
  });
});

async function run(order: LoadOrder): Promise<LoadReport> {
  const startedAt = performance.now();
  const batchSeconds: number[] = [];
  const readSeconds: number[] = [];
  await Promise.all([
    arrivals(order.batchesPerSecond, order.seconds, async (dueAt, index) => {
      const body = JSON.stringify({ jobs: jobsOf(index, order.jobsPerBatch) });
      const key = `load-${process.pid}-${index}`;
      if (await answered({ url: `${order.url}/v1/jobs`, body, key, expected: 202 }))
        batchSeconds.push((performance.now() - dueAt) / 1000);
    }),
    arrivals(order.readsPerSecond, order.seconds, async (dueAt) => {
      if (await answered({ url: `${order.url}/v1/plan`, body: null, key: null, expected: 200 }))
        readSeconds.push((performance.now() - dueAt) / 1000);
    }),
  ]);
  const { user, system } = process.cpuUsage();
  return {
    batchSeconds,
    readSeconds,
    errors: Object.fromEntries(errors),
    tookSeconds: (performance.now() - startedAt) / 1000,
    clientCpuSeconds: (user + system) / 1e6,
  };
}

/** Starts each request at its time; resolves when all were answered. */
async function arrivals(
  perSecond: number,
  seconds: number,
  send: (dueAt: number, index: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const dueAt = startedAt + (1000 * index) / perSecond;
    const early = dueAt - performance.now();
    if (early > 0) await wait(early);
    underWay.push(send(dueAt, index));
  }
  await Promise.all(underWay);
}

function jobsOf(batch: number, count: number): readonly object[] {
  const dueAt = new Date(Date.now() + HOURS_UNTIL_DUE * 3_600_000).toISOString();
  return Array.from({ length: count }, (_, index) => ({
    ...WORKLOADS[(batch + index) % WORKLOADS.length],
    samples: 10_000 * (1 + ((batch * count + index) % 50)),
    epochs: 1 + (index % 3),
    dueAt,
    tardinessCostPerHourUsd: 10 + (index % 20),
  }));
}

function answered(args: {
  readonly url: string;
  readonly body: string | null;
  readonly key: string | null;
  readonly expected: number;
}): Promise<boolean> {
  const { url, body, key, expected } = args;
  return new Promise((resolve) => {
    const failed = (what: string): void => {
      errors.set(what, (errors.get(what) ?? 0) + 1);
      resolve(false);
    };
    const sent = request(
      url,
      {
        agent,
        method: body === null ? "GET" : "POST",
        timeout: TIMEOUT_MILLISECONDS,
        headers: {
          ...(body === null
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
          ...(key === null ? {} : { "idempotency-key": key }),
        },
      },
      (response) => {
        response.resume();
        response.once("end", () => {
          if (response.statusCode === expected) resolve(true);
          else failed(`status ${response.statusCode}`);
        });
        response.once("error", (error) => {
          failed(error.message);
        });
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.once("error", (error) => {
      failed(error.message);
    });
    sent.end(body ?? undefined);
  });
}
