/** The literature's workload as a scenario file: which networks are drawn, and the JSON that `berth plan` and `berth simulate` read. */
import { DateTime } from "luxon";
import { FRAMEWORKS } from "../domain/job.ts";
import { jobId } from "../domain/ids.ts";
import type { Framework } from "../domain/job.ts";
import { millisecondsToSeconds, perSecondToPerHour } from "../domain/units.ts";
import { readCsvFile } from "./csv-file.ts";
import type { jobMaker } from "./job-from-spec.ts";
import type { ScenarioJob } from "./job-spec.ts";
import { scenarioJobSchema } from "./job-spec.ts";
import { isoTime } from "./time.ts";

/** Applications of the peer's scenarios with their batch sizes, and the images of one epoch. */
const APPLICATIONS: readonly { readonly network: string; readonly batchSizes: readonly number[] }[] = [
  { network: "alexnet", batchSizes: [128, 256, 512, 1024] },
  { network: "resnet50", batchSizes: [8, 16, 32, 64] },
  { network: "vgg19", batchSizes: [8, 16, 32] },
];
const SAMPLES = 130_000;
const DRAWN_FRAMEWORKS = FRAMEWORKS.filter((framework) => framework !== "caffe");

/** A kind of job that fits the catalogue, as the generator wants it. */
export interface ScenarioTemplate {
  readonly network: string;
  readonly framework: Framework;
  readonly batchSize: number;
  readonly samples: number;
  readonly fastestEpochSeconds: number;
}

/** Every application, framework and batch size. */
export const APPLICATION_WORKLOADS: readonly Omit<ScenarioTemplate, "fastestEpochSeconds">[] =
  APPLICATIONS.flatMap(({ network, batchSizes }) =>
    batchSizes.flatMap((batchSize) =>
      DRAWN_FRAMEWORKS.map((framework) => ({ network, framework, batchSize, samples: SAMPLES })),
    ),
  );

/** A workload as a template, by whoever makes the jobs; null where it runs nowhere. Takes milliseconds. */
export function templateOf(
  workload: (typeof APPLICATION_WORKLOADS)[number],
  makeJob: ReturnType<typeof jobMaker>,
): ScenarioTemplate | null {
  const spec = {
    id: "template",
    epochs: 1,
    submittedAt: 0,
    dueAt: 0,
    tardinessCostPerHourUsd: 0,
    ...workload,
  };
  const made = makeJob(spec, { id: jobId(spec.id), submittedAtSeconds: spec.submittedAt });
  if (made.kind !== "job") return null;
  const seconds = made.job.durations.entries.map((entry) => entry.durationSeconds);
  return { ...workload, fastestEpochSeconds: Math.min(...seconds) };
}

/** A scenario to write. */
export interface ScenarioDraft {
  readonly name: string;
  readonly about: string;
  readonly source: string;
  readonly catalogName: string;
  readonly region: string;
  readonly maxNodes: number;
  readonly replanIntervalSeconds: number;
  /** Seconds for all jobs; missing writes nothing, which means 0. */
  readonly checkpointSeconds?: number;
  /** Seconds for all VM types; missing writes nothing, which means 0. */
  readonly bootSeconds?: number;
  readonly minimumBillingSeconds?: number;
  readonly jobs: readonly DrawnJob[];
}

/** A job as the generator draws it. */
export interface DrawnJob {
  readonly id: string;
  readonly template: ScenarioTemplate;
  readonly epochs: number;
  readonly submittedAtSeconds: number;
  readonly dueAtSeconds: number;
  readonly tardinessCostPerSecondUsd: number;
}

/** A drawn job in a scenario file's words. Times are rounded to seconds, weights to a millionth of a USD per hour. */
const jobWords = ({ id, template, epochs, ...job }: DrawnJob) => ({
  id,
  submittedAt: isoTime(Math.round(job.submittedAtSeconds)),
  network: template.network,
  framework: template.framework,
  samples: template.samples,
  epochs,
  batchSize: template.batchSize,
  dueAt: isoTime(Math.round(job.dueAtSeconds)),
  tardinessCostPerHourUsd: Number(perSecondToPerHour(job.tardinessCostPerSecondUsd).toFixed(6)),
});

/** A drawn job as it is read back from a scenario file. */
export const drawnScenarioJob = (job: DrawnJob): ScenarioJob => scenarioJobSchema.parse(jobWords(job));

/** The text of a scenario file, one line for each job. */
export function scenarioText(draft: ScenarioDraft): string {
  const { checkpointSeconds } = draft;
  // JSON leaves out what is undefined.
  const jobs = draft.jobs.map((job) => JSON.stringify({ ...jobWords(job), checkpointSeconds }));
  const head = JSON.stringify(
    {
      name: draft.name,
      about: draft.about,
      source: draft.source,
      catalog: {
        name: draft.catalogName,
        region: draft.region,
        bootSeconds: draft.bootSeconds,
        minimumBillingSeconds: draft.minimumBillingSeconds,
      },
      maxNodes: draft.maxNodes,
      replanIntervalSeconds: draft.replanIntervalSeconds,
    },
    null,
    2,
  );
  return `${head.slice(0, -2)},\n  "jobs": [\n    ${jobs.join(",\n    ")}\n  ]\n}\n`;
}

/** Times of submission of a trace, in seconds and in order: a CSV file with a column `timestamp` such as "2017-10-09 07:01:55" (taken as UTC). */
export function readArrivals(path: string): readonly number[] {
  const file = readCsvFile(path, ["timestamp"]);
  const times = file.rows.map((row) => {
    const time = DateTime.fromSQL(row.text("timestamp"), { zone: "utc" });
    if (!time.isValid) {
      row.problem("timestamp", {
        message: "is not a time",
        fix: 'Give date and time, for example "2017-10-09 07:01:55".',
      });
    }
    return millisecondsToSeconds(time.toMillis());
  });
  file.check();
  return times.sort((a, b) => a - b);
}
