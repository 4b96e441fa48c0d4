/**
 * GPU priority assignment (Takayama et al., Deep Learning Workload Analysis for Efficient Resource Allocation, Ochanomizu University and Fujitsu, 2019): newer GPUs go to
 * the applications that gain most from them, one application on a whole machine.
 *
 *   sensitivity of a benchmark   new_i / old_i, its time on the new GPU over its time on the old one: the lower, the more it gains
 *   evenly                       half of each benchmark's jobs on either GPU
 *   by priority                  all jobs of the k most sensitive benchmarks on the new GPU, all others on the old one
 *
 * GPU-time is Σ over all jobs of the time on the GPU that each gets. Makespan is the longer of the two pools' loads over the machines of a pool, without
 * rounding to whole jobs, which is what large numbers of jobs come to.
 */

/** Times of one benchmark in seconds. */
export interface BenchmarkTimes {
  readonly name: string;
  readonly oldSeconds: number;
  readonly newSeconds: number;
}

/** What an assignment of one job of each benchmark costs; times with the number of jobs of each to get a workload. */
export interface AssignmentFigures {
  readonly gpuSeconds: number;
  /** With one machine in each pool. */
  readonly makespanSeconds: number;
}

/** new_i / old_i. */
export const sensitivity = ({ oldSeconds, newSeconds }: BenchmarkTimes): number => newSeconds / oldSeconds;

/** The benchmarks that gain most first. */
export function bySensitivity(benchmarks: readonly BenchmarkTimes[]): readonly BenchmarkTimes[] {
  return [...benchmarks].sort((a, b) => sensitivity(a) - sensitivity(b));
}

/** Half of each benchmark's jobs on either GPU. */
export function evenAssignment(benchmarks: readonly BenchmarkTimes[]): AssignmentFigures {
  return figures(
    sum(benchmarks.map((benchmark) => benchmark.oldSeconds / 2)),
    sum(benchmarks.map((benchmark) => benchmark.newSeconds / 2)),
  );
}

/** The `onNew` most sensitive benchmarks on the new GPU, the others on the old one. */
export function priorityAssignment(benchmarks: readonly BenchmarkTimes[], onNew: number): AssignmentFigures {
  const ranked = bySensitivity(benchmarks);
  return figures(
    sum(ranked.slice(onNew).map((benchmark) => benchmark.oldSeconds)),
    sum(ranked.slice(0, onNew).map((benchmark) => benchmark.newSeconds)),
  );
}

/** Relative change of one assignment against another, −0.1 for 10 % less. */
export function change(
  figure: keyof AssignmentFigures,
  after: AssignmentFigures,
  before: AssignmentFigures,
): number {
  return after[figure] / before[figure] - 1;
}

const figures = (oldSeconds: number, newSeconds: number): AssignmentFigures => ({
  gpuSeconds: oldSeconds + newSeconds,
  makespanSeconds: Math.max(oldSeconds, newSeconds),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
