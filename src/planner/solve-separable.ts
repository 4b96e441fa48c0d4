/**
 * How a decision under a separable objective is solved (solving.md "Pipeline"):
 *
 *   dual     prices of GPUs, and a bound that holds whatever happens later              formulation/dual-prices.ts
 *   repair   nodes that can be rented, and the cheapest assignment of jobs to them      repair.ts, slot-assignment.ts
 *   search   ejection local search on the nodes; kicks under perturbed prices           node-search.ts
 *   core     a MILP on what the dual leaves open, started from the best plan            formulation/core-model.ts
 *
 * Each stage runs only while the gap is above the one asked for and time is left, and each can fail without taking back what the stages
 * before it found: without a solver there is still a plan, a bound and a gap.
 */
import type { PlanningProblem } from "../domain/planning-problem.ts";
import type { StopReason } from "../domain/plan.ts";
import { seededRandom } from "../domain/seeded-random.ts";
import { coreModel } from "../formulation/core-model.ts";
import type { DualPrices } from "../formulation/dual-prices.ts";
import { dualPrices } from "../formulation/dual-prices.ts";
import type { Assignment } from "../formulation/formulation.ts";
import { limitPrices } from "../formulation/limit-prices.ts";
import type { NodeCutKind } from "../formulation/node-cuts.ts";
import { nodeCuts } from "../formulation/node-cuts.ts";
import type { SeparableObjective } from "../formulation/objective.ts";
import type { SlotTable } from "../formulation/slot-table.ts";
import { slotTable } from "../formulation/slot-table.ts";
import type { SolveLimits, SolveOutcome, SolverPort } from "../milp/solver-port.ts";
import { checkedOutcome } from "./checked-outcome.ts";
import { jobsInSlots } from "./jobs-in-slots.ts";
import type { NodeSearch } from "./node-search.ts";
import { nodeSearch } from "./node-search.ts";
import { repairedNodes } from "./repair.ts";
import { slotAssignment } from "./slot-assignment.ts";
import type { SlotAssignment } from "./slot-assignment.ts";
import type { WarmStart } from "./warm-start.ts";
import { pricesOf, warmStartOf } from "./warm-start.ts";

/** What the stages found. */
export interface SeparableSolution {
  readonly assignment: Assignment;
  /** No plan costs less. */
  readonly bound: number;
  /** Costs that differ by less are equal: what doubles and the solver's tolerance leave of the largest cost. */
  readonly rounding: number;
  /** Why the search ended, if the gap asked for was not reached. */
  readonly stopReason: StopReason;
  readonly warmStart: WarmStart;
}

/** What a solution may use. `secondsLeft` is null when no clock limits it. */
export interface SeparableMeans {
  readonly solver: SolverPort;
  readonly limits: SolveLimits;
  readonly warmStart: WarmStart | null;
  readonly secondsLeft: () => number | null;
}

/** Evaluations of L and trial moves of the search: limits that equal input meets equally. */
const MAX_DUAL_EVALUATIONS = 2000;
const MAX_TRIALS = 600;
const KICKS = 24;
const TRIALS_PER_KICK = 60;
/** Nodes that a kick changes. */
const NODES_PER_KICK = 2;

/** The bound is climbed to this share of the gap asked for, within what doubles carry and what is worth waiting for. */
const ACCURACY_SHARE_OF_GAP = 0.02;
const FINEST_ACCURACY = 1e-9;
const COARSEST_ACCURACY = 1e-5;

/** Share of the largest cost that rounding and HiGHS's tolerance on integers (10⁻⁹) may leave. */
const ROUNDING = 1e-9;

/** Gap at which costs count as equal (settle.ts). */
const EQUAL_COSTS = 1e-6;

/** Columns of jobs of an exact core model, and of the two rounds on those of least regret when an exact one would be larger. */
const EXACT_COLUMNS = 6000;
const CORE_COLUMNS = [800, 3200] as const;

interface Search {
  readonly table: SlotTable;
  readonly cuts: readonly NodeCutKind[];
  readonly assignment: SlotAssignment;
  readonly nodes: NodeSearch;
  readonly means: SeparableMeans;
  readonly expired: () => boolean;
}

/** Solves a problem. The assignment has not been checked, nor has anybody compared it with what runs now. */
export async function solveSeparable(
  problem: PlanningProblem,
  objective: SeparableObjective,
  means: SeparableMeans,
): Promise<SeparableSolution> {
  const { limits } = means;
  const expired = (): boolean => (means.secondsLeft() ?? Infinity) <= 0;
  const table = slotTable(problem, objective);
  const cuts = nodeCuts(table);
  let dual = dualPrices(table, pricesOf(means.warmStart, table, objective.name), {
    maxEvaluations: MAX_DUAL_EVALUATIONS,
    relativeAccuracy: Math.max(
      FINEST_ACCURACY,
      Math.min(COARSEST_ACCURACY, ACCURACY_SHARE_OF_GAP * limits.relativeGap),
    ),
    expired,
  });
  const assignment = slotAssignment(table, dual.prices);
  const start = repairedNodes(table, cuts, { use: assignment.use, prices: dual.prices });
  const nodes = nodeSearch(table, cuts, assignment);
  nodes.rent(start);
  const search: Search = { table, cuts, assignment, nodes, means, expired };
  nodes.improve({ maxTrials: MAX_TRIALS, target: dual.bound, expired });
  if (!isCloseEnough(search, dual.bound)) dual = refined(search, dual);
  let bound = dual.bound;
  let outcome: SolveOutcome | null = null;
  if (!isCloseEnough(search, bound)) {
    const core = await improveByCore(search, dual);
    bound = Math.max(bound, core.bound);
    outcome = core.outcome;
  }
  return {
    assignment: jobsInSlots(problem, table, { entries: assignment.entries, cuts, nodes: nodes.nodes }),
    bound,
    rounding: ROUNDING * table.largestCost,
    stopReason: stopReasonOf(search, outcome),
    warmStart: warmStartOf(table, objective.name, {
      prices: dual.prices,
      limitPrices:
        objective.unit === "USD per hour" ? limitPrices(table, dual.prices, problem.nodeLimits) : [],
    }),
  };
}

/** Whether the gap asked for is reached; nothing finer than equal costs is ever asked for. */
function isCloseEnough({ table, nodes, means }: Search, bound: number): boolean {
  const cost = nodes.cost();
  const relative = Math.max(means.limits.relativeGap, EQUAL_COSTS) * Math.abs(cost);
  return cost - bound <= Math.max(relative, ROUNDING * table.largestCost);
}

/** Climbs on to the finest accuracy: the gap may be the bound's. */
function refined({ table, expired }: Search, dual: DualPrices): DualPrices {
  const finer = dualPrices(table, dual.prices, {
    maxEvaluations: MAX_DUAL_EVALUATIONS,
    relativeAccuracy: FINEST_ACCURACY,
    expired,
  });
  return finer.bound > dual.bound ? finer : dual;
}

/** Exact where the open part is small; else, or without a solver, kicks; then two rounds on the part of least regret. */
async function improveByCore(
  search: Search,
  dual: DualPrices,
): Promise<{ readonly bound: number; readonly outcome: SolveOutcome | null }> {
  const exact = await solveCore(search, dual, { kind: "exact", maxColumns: EXACT_COLUMNS });
  if (exact !== null && !isFailure(exact.outcome)) return exact;
  kick(search, dual.bound);
  let outcome = exact?.outcome ?? null;
  for (const maxColumns of CORE_COLUMNS) {
    if (isFailure(outcome) || isCloseEnough(search, dual.bound) || search.expired()) break;
    // A better plan leaves less open: what was too large may be exact now.
    const round =
      (await solveCore(search, dual, { kind: "exact", maxColumns: EXACT_COLUMNS })) ??
      (await solveCore(search, dual, { kind: "core", maxColumns }));
    if (round === null || round.bound > -Infinity) return round ?? { bound: dual.bound, outcome };
    outcome = round.outcome;
  }
  return { bound: dual.bound, outcome };
}

const isFailure = (outcome: SolveOutcome | null): boolean =>
  outcome?.kind === "failed" || outcome?.kind === "infeasible";

/** Iterated local search: kicks under perturbed prices, each kept only if it ends better. */
function kick(search: Search, bound: number): void {
  const { nodes, means, expired } = search;
  const random = seededRandom(means.limits.seed);
  let best = nodes.nodes.slice();
  let bestCost = nodes.cost();
  for (let time = 0; time < KICKS; time += 1) {
    if (expired() || isCloseEnough(search, bound)) break;
    nodes.kick(NODES_PER_KICK, random);
    nodes.improve({ maxTrials: TRIALS_PER_KICK, target: bound, expired });
    if (nodes.cost() < bestCost) {
      best = nodes.nodes.slice();
      bestCost = nodes.cost();
    } else nodes.rent(best);
  }
}

/**
 * Solves the open part and takes over its nodes if they are better. null when time is up, or when the open part is larger than
 * `maxColumns` and the model is to be exact. The bound is −∞ where the model was not exact.
 */
async function solveCore(
  { table, cuts, assignment, nodes, means, expired }: Search,
  dual: DualPrices,
  { kind, maxColumns }: { readonly kind: "exact" | "core"; readonly maxColumns: number },
): Promise<{ readonly bound: number; readonly outcome: SolveOutcome } | null> {
  if (expired()) return null;
  const cost = nodes.cost();
  const core = coreModel(table, cuts, {
    prices: dual.prices,
    bound: dual.bound,
    known: { cost, nodes: nodes.nodes, visitClass: assignment.entries.visitClass },
    maxColumns,
  });
  if (kind === "exact" && !core.isExact) return null;
  const outcome = checkedOutcome(
    core.milpModel,
    await means.solver.solve(
      core.milpModel,
      {
        ...means.limits,
        relativeGap: gapForCore(means.limits.relativeGap, { ...core, cost, bound: dual.bound }),
        deadlineSeconds: means.secondsLeft() ?? means.limits.deadlineSeconds,
      },
      core.start,
    ),
  );
  if (outcome.kind === "proven" || outcome.kind === "incumbent") {
    const before = nodes.nodes.slice();
    nodes.rent(core.nodesAt(outcome.point));
    nodes.improve({ maxTrials: TRIALS_PER_KICK, target: dual.bound, expired });
    if (nodes.cost() > cost) nodes.rent(before);
  }
  return {
    bound: core.isExact ? Math.min(cost, provenBy(outcome) + core.objectiveOffset) : -Infinity,
    outcome,
  };
}

/**
 * The gap asked for is relative to the whole cost, the solver's to its own objective, which lacks what is settled. Both lie between their
 * bound and the plan known, so that the least of the one and the most of the other keep the promise whatever plan is found.
 */
function gapForCore(
  relativeGap: number,
  {
    cost,
    bound,
    objectiveOffset,
  }: { readonly cost: number; readonly bound: number; readonly objectiveOffset: number },
): number {
  const leastCost = cost * bound > 0 ? Math.min(Math.abs(cost), Math.abs(bound)) : 0;
  const mostObjective = Math.max(Math.abs(cost - objectiveOffset), Math.abs(bound - objectiveOffset));
  return mostObjective > 0 ? (relativeGap * leastCost) / mostObjective : relativeGap;
}

function provenBy(outcome: SolveOutcome): number {
  return outcome.kind === "infeasible" || outcome.kind === "failed"
    ? -Infinity
    : (outcome.bound ?? -Infinity);
}

function stopReasonOf({ expired }: Search, outcome: SolveOutcome | null): StopReason {
  if (isFailure(outcome)) return "solver-failed";
  if (outcome?.kind === "incumbent" || outcome?.kind === "no-incumbent") return outcome.reason;
  return expired() ? "deadline" : "node-limit";
}
