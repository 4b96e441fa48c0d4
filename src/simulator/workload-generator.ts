/**
 * The literature's random scenarios (formulation.md §6; capacity-planning slides, 2019; Filippini et al., IEEE TSC 2023):
 *
 *   10·N jobs and one at t = 0; inter-arrival times exponential with mean λ/N seconds, λ ∈ {30000, 45000}
 *   d_j = a_j + U(min, 3·min) of the job's predicted durations;  ω_j = U(0.003, 0.015) USD/s
 *
 * The slides say "means {30 s, 45 s}"; the peer's published arrivals fit only λ/N with λ in thousands of seconds. What they do not say is chosen here and can be changed: how long
 * jobs are. The peer's jobs take 12 hours and more in their fastest configuration, half of them less than 16; epochs are drawn such that the fastest configuration takes
 * U(12 h, 24 h).
 */
import type { Framework } from "../domain/job.ts";
import type { Random } from "../domain/seeded-random.ts";
import { exponential, pick, seededRandom, seedOf, uniform } from "../domain/seeded-random.ts";
import { SECONDS_PER_HOUR } from "../domain/units.ts";

/** A kind of training job to draw from, with its duration for one epoch. */
export interface JobTemplate {
  readonly network: string;
  readonly framework: Framework;
  readonly batchSize: number;
  readonly samples: number;
  /** Seconds of one epoch in the fastest configuration of the catalogue. */
  readonly fastestEpochSeconds: number;
}

/** What to draw. */
export interface GeneratorSettings {
  readonly nodes: number;
  /** Jobs besides the one at the start. */
  readonly jobs: number;
  /** λ: mean inter-arrival time × nodes, in seconds. */
  readonly lambdaSeconds: number;
  readonly seed: number;
  readonly startAtSeconds: number;
  /** Range of the fastest configuration's hours. */
  readonly fastestHours: readonly [number, number];
  /** Times of submission measured elsewhere, in seconds, in order; null draws them. Only their rhythm is used: they are stretched to the mean λ/N. */
  readonly measuredArrivals: readonly number[] | null;
}

/** A job as drawn. */
export interface GeneratedJob {
  readonly id: string;
  readonly template: JobTemplate;
  readonly epochs: number;
  readonly submittedAtSeconds: number;
  readonly dueAtSeconds: number;
  readonly tardinessCostPerSecondUsd: number;
}

/** Range of ω in USD/s. */
const WEIGHTS_USD = [0.003, 0.015] as const;
/** Range of the time allowed, in multiples of the fastest duration. */
const DUE_FACTORS = [1, 3] as const;

/** Draws the jobs of one scenario; equal settings and templates give equal jobs. Throws when there are too few measured arrivals. */
export function generateJobs(
  settings: GeneratorSettings,
  templates: readonly JobTemplate[],
): readonly GeneratedJob[] {
  const random = seededRandom(seedOf(settings.seed, `${settings.nodes} ${settings.lambdaSeconds}`));
  const gaps = arrivalGaps(settings, random);
  const digits = String(gaps.length).length;
  let submitted = settings.startAtSeconds;
  return gaps.map((gap, index) => {
    submitted += gap;
    const template = pick(random, templates);
    const [shortest, longest] = settings.fastestHours;
    const wanted = uniform(random, shortest, longest) * SECONDS_PER_HOUR;
    const epochs = Math.max(1, Math.round(wanted / template.fastestEpochSeconds));
    const fastestSeconds = epochs * template.fastestEpochSeconds;
    return {
      id: `J${String(index).padStart(digits, "0")}`,
      template,
      epochs,
      submittedAtSeconds: submitted,
      dueAtSeconds: submitted + fastestSeconds * uniform(random, ...DUE_FACTORS),
      tardinessCostPerSecondUsd: uniform(random, ...WEIGHTS_USD),
    };
  });
}

/** Seconds before each submission; the first is 0. */
function arrivalGaps(settings: GeneratorSettings, random: Random): readonly number[] {
  const meanSeconds = settings.lambdaSeconds / settings.nodes;
  if (settings.measuredArrivals === null) {
    return [0, ...Array.from({ length: settings.jobs }, () => exponential(random, meanSeconds))];
  }
  const { measuredArrivals, jobs } = settings;
  if (measuredArrivals.length < jobs + 1) {
    throw new RangeError(`${measuredArrivals.length} arrivals were measured, ${jobs + 1} are needed`);
  }
  const from = Math.floor(uniform(random, 0, measuredArrivals.length - jobs));
  const times = measuredArrivals.slice(from, from + jobs + 1);
  const spanSeconds = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const stretch = spanSeconds > 0 ? (meanSeconds * jobs) / spanSeconds : 0;
  return times.map((time, index) => (time - (times[index - 1] ?? time)) * stretch);
}
