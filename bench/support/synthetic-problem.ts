/** Seeded planning problems of any size, in the shape of the literature's scenarios: nine VM types, mixed GPU counts, due dates within 1 to 3 times the shortest run. */
import type { Configuration, PlanningJob, PlanningProblem } from "../../src/domain/planning-problem.ts";
import { EMPTY_ALLOCATION } from "../../src/domain/allocation.ts";
import { jobId } from "../../src/domain/ids.ts";
import type { VmType } from "../../src/domain/vm-type.ts";
import { seededRandom } from "./seeded-random.ts";

/** What to draw. */
export interface SyntheticSize {
  readonly nodes: number;
  readonly jobs: number;
  readonly seed: number;
  /** How many different rows the jobs have; null makes every job its own. */
  readonly templates: number | null;
  /** Relative spread of durations among jobs of a template, 0 for identical ones. */
  readonly spread?: number;
  readonly vmTypes: readonly VmType[];
}

const NOW_SECONDS = 1_700_000_000;

/** Relative speed of one GPU, K80 = 1; only the spread matters here. */
const SPEED: Readonly<Record<string, number>> = { K80: 1, M60: 1.2, P600: 0.45, GTX1080Ti: 3.1 };

/** That of the 80 % intervals of predicted durations. */
const REST_SPREAD = 0.3;

/** Draws a problem; equal sizes and seeds give equal problems. */
export function syntheticProblem(size: SyntheticSize): PlanningProblem {
  const { nodes, jobs, seed, templates, vmTypes, spread = 0 } = size;
  const random = seededRandom(seed);
  const rows = Array.from({ length: templates ?? jobs }, () => drawRow(random, vmTypes));
  return {
    revision: 1,
    nowSeconds: NOW_SECONDS,
    replanIntervalSeconds: 3600,
    maxNodes: nodes,
    nodeLimits: [],
    vmTypes,
    jobs: Array.from({ length: jobs }, (_, index) => {
      const row = rows[index % rows.length];
      if (row === undefined) throw new RangeError("templates must be at least 1");
      return { ...spreadOut(row, spread, random), id: jobId(`j${String(index).padStart(6, "0")}`) };
    }),
    current: EMPTY_ALLOCATION,
    nextNodeNumber: 1,
  };
}

/** A row like another, each duration off by up to `spread`. */
function spreadOut(
  row: Omit<PlanningJob, "id">,
  spread: number,
  random: () => number,
): Omit<PlanningJob, "id"> {
  if (spread === 0) return row;
  const off = (): number => 1 + spread * (2 * random() - 1);
  return {
    ...row,
    configurations: row.configurations.map((entry) => ({
      ...entry,
      durationSeconds: entry.durationSeconds * off(),
    })),
  };
}

function drawRow(random: () => number, vmTypes: readonly VmType[]): Omit<PlanningJob, "id"> {
  const baseSeconds = 3600 * 60 ** random();
  const serialShare = 0.4 * random();
  const affinity = new Map(vmTypes.map((vmType) => [vmType.gpuType, 0.7 + 0.6 * random()]));
  const configurations: Configuration[] = [];
  for (const vmType of vmTypes) {
    const speed = (SPEED[vmType.gpuType] ?? 1) * (affinity.get(vmType.gpuType) ?? 1);
    for (let gpus = 1; gpus <= vmType.gpuCount; gpus += 1) {
      const scaled = serialShare + (1 - serialShare) / gpus + 0.01 * (gpus - 1);
      configurations.push({ vmTypeId: vmType.id, gpus, durationSeconds: (baseSeconds / speed) * scaled });
    }
  }
  const shortest = Math.min(...configurations.map((configuration) => configuration.durationSeconds));
  return {
    configurations,
    dueAtSeconds: NOW_SECONDS + shortest * (1 + 2 * random()),
    tardinessCostPerSecondUsd: 0.003 + 0.012 * random(),
    restSpread: REST_SPREAD,
  };
}
