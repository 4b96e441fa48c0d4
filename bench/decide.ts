/**
 * How long one decision takes and how good it provably is, beside HiGHS on the plain aggregated model and on the per-node model.
 *
 *   npm run bench:decide                       all sizes
 *   npm run bench:decide -- 1000/5000          one size
 *
 * Seeded problems (bench/support/synthetic-problem.ts) on the literature's catalogue. Wall time of `choose`: posing, dual, search, core
 * MILP with its worker round trip, placing, checking; the worker is warm. "Next" is the event after: 1 % of the jobs replaced, the others
 * a minute further, prices and plan of the decision before handed in. The ratios compare times of one run on one machine; where HiGHS met
 * its deadline they are lower limits, marked ≥.
 */
import { loadReferenceData, shippedCatalogPath } from "../src/catalog/reference-data.ts";
import { loadVmCatalog } from "../src/catalog/load-vm-catalog.ts";
import { selectRegion } from "../src/catalog/select-vm-types.ts";
import type { PlanningProblem } from "../src/domain/planning-problem.ts";
import { aggregated } from "../src/formulation/aggregated.ts";
import type { FormulatedProblem } from "../src/formulation/formulation.ts";
import { perNode } from "../src/formulation/per-node.ts";
import { progressValueObjective } from "../src/formulation/progress-value.ts";
import type { SolveLimits, SolverPort } from "../src/milp/solver-port.ts";
import type { Chosen, DecisionMeans } from "../src/planner/choose.ts";
import { choose } from "../src/planner/choose.ts";
import { highsSolver } from "../src/solver/highs-solver.ts";
import { nextEvent } from "./support/next-event.ts";
import { markdownTable, millisecondsText, quantile, shareText } from "./support/table.ts";
import { syntheticProblem } from "./support/synthetic-problem.ts";

interface Size {
  readonly nodes: number;
  readonly jobs: number;
  readonly seeds: number;
  readonly templates: number | null;
  readonly spread: number;
  /** Whether the per-node model is small enough to be written down. */
  readonly posesPerNode: boolean;
  readonly note: string;
}

const DIFFERENT = { templates: null, spread: 0, note: "" };
const SIZES: readonly Size[] = [
  { nodes: 4, jobs: 20, seeds: 10, ...DIFFERENT, posesPerNode: true },
  { nodes: 12, jobs: 50, seeds: 10, ...DIFFERENT, posesPerNode: true },
  { nodes: 20, jobs: 100, seeds: 10, ...DIFFERENT, posesPerNode: true },
  { nodes: 100, jobs: 450, seeds: 10, ...DIFFERENT, posesPerNode: false },
  {
    nodes: 100,
    jobs: 500,
    seeds: 10,
    templates: 10,
    spread: 0.01,
    posesPerNode: false,
    note: "10 templates ± 1 %",
  },
  { nodes: 100, jobs: 500, seeds: 10, templates: 10, spread: 0, posesPerNode: false, note: "10 templates" },
  { nodes: 1000, jobs: 5000, seeds: 5, ...DIFFERENT, posesPerNode: false },
  { nodes: 1000, jobs: 10_000, seeds: 5, ...DIFFERENT, posesPerNode: false },
  { nodes: 10_000, jobs: 100_000, seeds: 2, ...DIFFERENT, posesPerNode: false },
];

/** What HiGHS gets on the whole model; the engine itself never needs it. */
const DEADLINE_SECONDS = 20;
const LIMITS: SolveLimits = {
  relativeGap: 1e-3,
  maxTreeNodes: null,
  deadlineSeconds: DEADLINE_SECONDS,
  seed: 1,
};
/** Seeds on which HiGHS runs alone: it is the slow part. */
const SEEDS_FOR_HIGHS = 2;
/** Columns beyond which HiGHS's worker would need more than a deadline to read the model. */
const MAX_JOBS_FOR_HIGHS = 10_000;
const WARM_UP_SOLVES = 8;
const CATALOG = "slides-2019";

const vmTypes = selectRegion(loadVmCatalog(shippedCatalogPath(CATALOG), loadReferenceData().gpus), CATALOG);
const solver = highsSolver({ threads: 1 });
const clock = (): number => performance.now() / 1000;
const means: DecisionMeans = { policy: "progress-value", solver, limits: LIMITS, clock };

const draw = ({ nodes, jobs, templates, spread }: Size, seed: number): PlanningProblem =>
  syntheticProblem({ nodes, jobs, templates, spread, seed, vmTypes });

interface Timed<Result> {
  readonly seconds: number;
  readonly result: Result;
}

async function timed<Result>(action: () => Promise<Result>): Promise<Timed<Result>> {
  const startedAt = clock();
  const result = await action();
  return { seconds: clock() - startedAt, result };
}

/** HiGHS on a whole model, from nothing but the model. */
async function solvePlain(
  problem: PlanningProblem,
  formulate: typeof aggregated,
): Promise<Timed<number | null>> {
  return timed(async () => {
    const objective = progressValueObjective(problem);
    const { milpModel }: FormulatedProblem = formulate(problem, objective);
    const outcome = await solver.solve(milpModel, LIMITS);
    if (outcome.kind !== "proven" && outcome.kind !== "incumbent") return null;
    return outcome.bound === null ? null : (outcome.objective - outcome.bound) / Math.abs(outcome.objective);
  });
}

async function warmUp(port: SolverPort): Promise<void> {
  for (let seed = 1; seed <= WARM_UP_SOLVES; seed += 1) {
    const problem = syntheticProblem({ nodes: 4, jobs: 12, templates: null, seed, vmTypes });
    await port.solve(aggregated(problem, progressValueObjective(problem)).milpModel, LIMITS);
    await choose(problem, means);
  }
}

function beside(rival: readonly Timed<number | null>[], ownSeconds: number): readonly string[] {
  if (rival.length === 0) return ["not posed", ""];
  const seconds = quantile(
    rival.map((run) => run.seconds),
    0.5,
  );
  const gaps = rival.map((run) => run.result);
  const unfinished = rival.some((run) => run.result === null || run.seconds >= DEADLINE_SECONDS * 0.75);
  const gap = gaps.includes(null) ? "none" : shareText(Math.max(...gaps.map((value) => value ?? 0)));
  return [
    `${millisecondsText(seconds)} (${gap})`,
    `${unfinished ? "≥ " : ""}${(seconds / ownSeconds).toPrecision(2)}×`,
  ];
}

async function measure(size: Size): Promise<readonly string[]> {
  const cold: Timed<Chosen>[] = [];
  const next: Timed<Chosen>[] = [];
  const plain: Timed<number | null>[] = [];
  const nodeWise: Timed<number | null>[] = [];
  for (let seed = 1; seed <= size.seeds; seed += 1) {
    const problem = draw(size, seed);
    const first = await timed(() => choose(problem, means));
    cold.push(first);
    const later = nextEvent(problem, first.result.allocation);
    next.push(await timed(() => choose(later, { ...means, warmStart: first.result.warmStart })));
    if (seed > SEEDS_FOR_HIGHS) continue;
    if (size.jobs <= MAX_JOBS_FOR_HIGHS) plain.push(await solvePlain(problem, aggregated));
    if (size.posesPerNode) nodeWise.push(await solvePlain(problem, perNode));
  }
  const seconds = cold.map((run) => run.seconds);
  const later = next.map((run) => run.seconds);
  const gaps = [...cold, ...next].map((run) => run.result.proof.gap ?? Infinity);
  const median = quantile(seconds, 0.5);
  return [
    `${size.nodes} / ${size.jobs}${size.note === "" ? "" : `, ${size.note}`}`,
    [0, 0.5, 0.95, 1].map((share) => millisecondsText(quantile(seconds, share))).join(" · "),
    [0.5, 1].map((share) => millisecondsText(quantile(later, share))).join(" · "),
    shareText(Math.max(...gaps)),
    ...beside(plain, median),
    ...beside(nodeWise, median),
  ];
}

const wanted = process.argv[2];
await warmUp(solver);
const rows: (readonly string[])[] = [];
for (const size of SIZES) {
  if (wanted !== undefined && wanted !== `${size.nodes}/${size.jobs}`) continue;
  rows.push(await measure(size));
  console.error(rows.at(-1)?.join(" | "));
}
await solver.close();
console.log(
  markdownTable(
    [
      "nodes / jobs",
      "best · p50 · p95 · max",
      "next event, p50 · max",
      "largest gap",
      `HiGHS, aggregated, p50 (gap; deadline ${DEADLINE_SECONDS} s)`,
      "ratio",
      "HiGHS, per node, p50 (gap)",
      "ratio",
    ],
    rows,
  ),
);
