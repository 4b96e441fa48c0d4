/**
 * Submissions and plan reads at once while decisions run.
 *
 *   npm run bench:load -- [--store embedded|postgres] [--seconds 30] [--batches 20] [--jobs 50] [--reads 500] [--nodes 24] [--profile DIR]
 *
 * Counted after ten seconds of the same load. The service and its client run on this machine, the database too. With --profile the service writes a CPU profile of each thread into DIR.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { scenarioText } from "../test/campaign/campaign-scenario.ts";
import { serviceProcess } from "../test/campaign/service-process.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import type { LoadOrder, LoadReport } from "./support/load-client.ts";
import { residentMemory } from "./support/resident-memory.ts";
import { markdownTable, millisecondsText, quantile } from "./support/table.ts";

// The services and databases that it started end with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "embedded" },
    seconds: { type: "string", default: "30" },
    batches: { type: "string", default: "20" },
    jobs: { type: "string", default: "50" },
    reads: { type: "string", default: "500" },
    nodes: { type: "string", default: "24" },
    profile: { type: "string" },
  },
});
const whole = z.coerce.number().int().min(0);
const options = z
  .object({
    store: z.enum(["embedded", "postgres"]),
    seconds: whole.min(1),
    batches: whole,
    jobs: whole.min(1),
    reads: whole,
    nodes: whole.min(1),
    profile: z.string().optional(),
  })
  .parse(values);

/** Of the same load, not counted: until then the service's code is being compiled. */
const WARM_UP_SECONDS = 10;

const directory = mkdtempSync(join(tmpdir(), "berth-load-"));
const scenario = join(directory, "scenario.json");
writeFileSync(scenario, scenarioText({ maxNodes: options.nodes }));
const postgres = options.store === "postgres" ? await startPostgres({ durable: true }) : null;
const service = await serviceProcess(
  "service",
  {
    BERTH_SCENARIO: scenario,
    ...(postgres === null ? { BERTH_DATA_DIR: join(directory, "data") } : { DATABASE_URL: postgres.url }),
  },
  options.profile === undefined
    ? []
    : ["--cpu-prof", `--cpu-prof-dir=${options.profile}`, "--cpu-prof-interval=1000"],
);
try {
  await service.start();
  const order = {
    url: service.url,
    batchesPerSecond: options.batches,
    jobsPerBatch: options.jobs,
    readsPerSecond: options.reads,
  };
  await loaded({ ...order, seconds: WARM_UP_SECONDS });
  // Reading the metrics resets the event loop's histogram, so the second reading covers the run and nothing else.
  const before = await metrics(service.url);
  const loadBefore = loadavg()[0] ?? 0;
  const report = await loaded({ ...order, seconds: options.seconds });
  const after = await metrics(service.url);
  console.log(
    markdownTable(
      ["what", options.store],
      [
        ["jobs taken in per second", perSecond(report.batchSeconds.length * options.jobs, report)],
        ["plans read per second", perSecond(report.readSeconds.length, report)],
        ["batch p50 · p95 · p99 · max", latencies(report.batchSeconds)],
        ["plan read p50 · p95 · p99 · max", latencies(report.readSeconds)],
        ["errors", JSON.stringify(report.errors)],
        ["decisions made", `${after.decisions - before.decisions}`],
        [
          "their seconds, mean",
          ((after.decisionSeconds - before.decisionSeconds) / (after.decisions - before.decisions)).toFixed(
            2,
          ),
        ],
        ["event loop delay of the HTTP thread, p99", millisecondsText(after.loopDelaySeconds)],
        ["resident memory of the service", await residentMemory(service.url)],
        [
          "CPU seconds of service · client",
          `${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} · ${report.clientCpuSeconds.toFixed(1)}`,
        ],
        [
          "cores · load average before · after",
          `${availableParallelism()} · ${loadBefore.toFixed(1)} · ${loadavg()[0]?.toFixed(1)}`,
        ],
      ],
    ),
  );
} finally {
  await service.stop();
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
}

function loaded(order: LoadOrder): Promise<LoadReport> {
  const client = fork(fileURLToPath(new URL("support/load-client.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
  });
  return new Promise((resolve, reject) => {
    client.once("message", (report: LoadReport) => {
      resolve(report);
    });
    client.once("exit", (code) => {
      if (code !== 0) reject(new Error(`the client ended with code ${code}`));
    });
    client.send(order);
  });
}

async function metrics(url: string): Promise<{
  readonly decisions: number;
  readonly decisionSeconds: number;
  readonly loopDelaySeconds: number;
  readonly cpuSeconds: number;
}> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string): number =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
  return {
    decisions: sum("berth_decision_seconds_count"),
    decisionSeconds: sum("berth_decision_seconds_sum"),
    loopDelaySeconds: sum("nodejs_eventloop_lag_p99_seconds"),
    cpuSeconds: sum("process_cpu_seconds_total"),
  };
}

function perSecond(count: number, { tookSeconds }: LoadReport): string {
  return (count / tookSeconds).toFixed(0);
}

function latencies(seconds: readonly number[]): string {
  if (seconds.length === 0) return "none";
  return [0.5, 0.95, 0.99, 1].map((q) => millisecondsText(quantile(seconds, q))).join(" · ");
}
