/**
 * How long a decision takes, and how good it provably is, under limits that bind: an hourly budget of 70 % of what the plan without limits rents
 * for, GPU quotas by GPU type of 60 % of what it uses, and both with half the budget.
 *
 *   npx tsx bench/limits.ts                100/450 and 1000/5000
 *   npx tsx bench/limits.ts 100/450        one size
 *
 * Problems, catalogue, gap and "next" as in bench/decide.ts. The last column is the progress value in shares of that without limits.
 */
import { loadVmCatalog } from "../src/catalog/load-vm-catalog.ts";
import { loadReferenceData, shippedCatalogPath } from "../src/catalog/reference-data.ts";
import { selectRegion } from "../src/catalog/select-vm-types.ts";
import type { Allocation } from "../src/domain/allocation.ts";
import { rentPerHourUsd } from "../src/domain/cost.ts";
import type { NodeLimit } from "../src/domain/node-limit.ts";
import type { PlanningProblem } from "../src/domain/planning-problem.ts";
import { vmTypesOf } from "../src/domain/vm-type.ts";
import type { Chosen } from "../src/planner/choose.ts";
import { choose } from "../src/planner/choose.ts";
import { highsSolver } from "../src/solver/highs-solver.ts";
import { nextEvent } from "./support/next-event.ts";
import { syntheticProblem } from "./support/synthetic-problem.ts";
import { markdownTable, millisecondsText, quantile, shareText } from "./support/table.ts";

const SIZES = [
  { nodes: 100, jobs: 450, seeds: 10 },
  { nodes: 1000, jobs: 5000, seeds: 5 },
] as const;
const CATALOG = "slides-2019";
const WARM_UP_SOLVES = 8;

const vmTypes = selectRegion(loadVmCatalog(shippedCatalogPath(CATALOG), loadReferenceData().gpus), CATALOG);
const solver = highsSolver({ threads: 1 });
const means = {
  policy: "progress-value",
  solver,
  limits: { relativeGap: 1e-3, maxTreeNodes: null, deadlineSeconds: null, seed: 1 },
} as const;

function budget(allocation: Allocation, share: number): NodeLimit {
  return {
    id: "budget",
    label: "hourly budget",
    weights: Object.fromEntries(vmTypes.map((vmType) => [vmType.id, vmType.pricePerHourUsd])),
    limit: share * rentPerHourUsd(vmTypesOf(allocation, vmTypes)),
    unit: "USD per hour",
  };
}

function gpuQuotas(allocation: Allocation, share: number): readonly NodeLimit[] {
  return [...new Set(vmTypes.map(({ gpuType }) => gpuType))].map((gpuType) => {
    const own = vmTypes.filter((vmType) => vmType.gpuType === gpuType);
    const used = vmTypesOf(allocation, vmTypes)
      .filter((vmType) => vmType.gpuType === gpuType)
      .reduce((total, { gpuCount }) => total + gpuCount, 0);
    return {
      id: gpuType,
      label: `quota of ${gpuType}`,
      weights: Object.fromEntries(own.map(({ id, gpuCount }) => [id, gpuCount])),
      limit: Math.floor(share * used),
      unit: "GPUs",
    };
  });
}

const CASES: readonly {
  readonly name: string;
  readonly limitsOf: (allocation: Allocation) => readonly NodeLimit[];
}[] = [
  { name: "budget 70 %", limitsOf: (allocation) => [budget(allocation, 0.7)] },
  { name: "GPU quotas 60 %", limitsOf: (allocation) => gpuQuotas(allocation, 0.6) },
  {
    name: "budget 50 % and GPU quotas 60 %",
    limitsOf: (allocation) => [budget(allocation, 0.5), ...gpuQuotas(allocation, 0.6)],
  },
];

const problemOf = (nodes: number, jobs: number, seed: number): PlanningProblem =>
  syntheticProblem({ nodes, jobs, seed, templates: null, vmTypes });

async function timed(
  action: () => Promise<Chosen>,
): Promise<{ readonly seconds: number; readonly chosen: Chosen }> {
  const startedAt = performance.now();
  const chosen = await action();
  return { seconds: (performance.now() - startedAt) / 1000, chosen };
}

for (let seed = 1; seed <= WARM_UP_SOLVES; seed += 1) await choose(problemOf(4, 12, seed), means);
const rows: (readonly string[])[] = [];
for (const { nodes, jobs, seeds } of SIZES) {
  if (process.argv[2] !== undefined && process.argv[2] !== `${nodes}/${jobs}`) continue;
  for (const { name, limitsOf } of CASES) {
    const cold: number[] = [];
    const next: number[] = [];
    const gaps: number[] = [];
    const shares: number[] = [];
    for (let seed = 1; seed <= seeds; seed += 1) {
      const free = problemOf(nodes, jobs, seed);
      const unlimited = await choose(free, means);
      const problem = { ...free, nodeLimits: limitsOf(unlimited.allocation) };
      const first = await timed(() => choose(problem, means));
      const { allocation, proof, warmStart } = first.chosen;
      const later = nextEvent(problem, allocation);
      const second = await timed(() => choose(later, { ...means, warmStart }));
      cold.push(first.seconds);
      next.push(second.seconds);
      gaps.push(proof.gap ?? Infinity, second.chosen.proof.gap ?? Infinity);
      shares.push(proof.objective / unlimited.proof.objective);
    }
    rows.push([
      `${nodes} / ${jobs}, ${name}`,
      [0, 0.5, 1].map((share) => millisecondsText(quantile(cold, share))).join(" · "),
      [0.5, 1].map((share) => millisecondsText(quantile(next, share))).join(" · "),
      shareText(Math.max(...gaps)),
      shareText(quantile(shares, 0.5)),
    ]);
    console.error(rows.at(-1)?.join(" | "));
  }
}
await solver.close();
console.log(
  markdownTable(
    ["nodes / jobs, limits", "best · p50 · max", "next event, p50 · max", "largest gap", "value kept"],
    rows,
  ),
);
