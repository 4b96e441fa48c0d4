/** Says how many jobs of a plan run where their predicted duration is weak, since figures of such variants err more. */
import type { JobId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { PlacedOn } from "./changed-data.ts";

/** A note where jobs run on durations carried over from another GPU, and one where predictions come with warnings. */
export function durationQualityNotes(
  jobs: readonly Job[],
  placed: ReadonlyMap<JobId, PlacedOn>,
): readonly string[] {
  const used = jobs.flatMap((job) => {
    const place = placed.get(job.id);
    return job.durations.entries.filter(
      (entry) => entry.vmTypeId === place?.vmTypeId && entry.gpus === place.gpus,
    );
  });
  const scaled = used.filter(({ source }) => source === "scaled").length;
  const warned = used.filter(({ warnings }) => warnings.length > 0).length;
  const share = (count: number): string => `${count} of ${used.length} jobs run`;
  return [
    ...(scaled === 0
      ? []
      : [`${share(scaled)} where their durations are carried over from another GPU's measurements.`]),
    ...(warned === 0 ? [] : [`${share(warned)} where the prediction comes with warnings (berth estimate).`]),
  ];
}
