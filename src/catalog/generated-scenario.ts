/** The literature's workload as a scenario file: which networks are drawn, and the JSON that `berth plan` and `berth simulate` read. */
import { DateTime } from "luxon";
import { FRAMEWORKS } from "../domain/job.ts";
import type { Framework } from "../domain/job.ts";
import { millisecondsToSeconds, perSecondToPerHour } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import { predictDurations } from "../performance/duration-table.ts";
import { readCsvFile } from "./csv-file.ts";
import type { ReferenceData } from "./reference-data.ts";
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

/** Every application, framework and batch size that runs on some VM type. */
export function jobTemplates(
  reference: ReferenceData,
  vmTypes: readonly VmType[],
): readonly ScenarioTemplate[] {
  return APPLICATIONS.flatMap(({ network: name, batchSizes }) => {
    const network = reference.networks.get(name);
    if (network === undefined) throw new Error(`Network ${name} is not shipped any more`);
    return batchSizes.flatMap((batchSize) =>
      DRAWN_FRAMEWORKS.flatMap((framework): readonly ScenarioTemplate[] => {
        const workload = { networkName: name, framework, batchSize, samples: SAMPLES, epochs: 1 };
        const { entries } = predictDurations({ ...reference, network, workload, vmTypes });
        const fastest = Math.min(...entries.map((entry) => entry.durationSeconds));
        if (entries.length === 0) return [];
        return [{ network: name, framework, batchSize, samples: SAMPLES, fastestEpochSeconds: fastest }];
      }),
    );
  });
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
  readonly jobs: readonly {
    readonly id: string;
    readonly template: ScenarioTemplate;
    readonly epochs: number;
    readonly submittedAtSeconds: number;
    readonly dueAtSeconds: number;
    readonly tardinessCostPerSecondUsd: number;
  }[];
}

/** The text of a scenario file, one line for each job. Times are rounded to seconds, weights to a millionth of a USD per hour. */
export function scenarioText(draft: ScenarioDraft): string {
  const jobs = draft.jobs.map(({ id, template, epochs, ...job }) =>
    JSON.stringify({
      id,
      submittedAt: isoTime(Math.round(job.submittedAtSeconds)),
      network: template.network,
      framework: template.framework,
      samples: template.samples,
      epochs,
      batchSize: template.batchSize,
      dueAt: isoTime(Math.round(job.dueAtSeconds)),
      tardinessCostPerHourUsd: Number(perSecondToPerHour(job.tardinessCostPerSecondUsd).toFixed(6)),
      // JSON leaves out what is undefined.
      checkpointSeconds: draft.checkpointSeconds,
    }),
  );
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
