/** `berth plan <scenario>`: one decision, without a server. */
import { Command, Option } from "commander";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import type { Scenario } from "../catalog/scenario.ts";
import { loadScenario } from "../catalog/scenario.ts";
import { isoTime } from "../catalog/time.ts";
import { emptyCluster } from "../domain/cluster-state.ts";
import type { ClusterState } from "../domain/cluster-state.ts";
import type { Job } from "../domain/job.ts";
import { millisecondsToSeconds } from "../domain/units.ts";
import { planFor } from "../planner/decide.ts";
import { explain } from "../planner/explain.ts";
import { observe } from "../planner/observe.ts";
import type { PolicyName } from "../planner/policy.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import { jobExplanationView } from "../report/explanation-view.ts";
import { explanationText } from "../report/explanation-table.ts";
import { planText } from "../report/plan-table.ts";
import { planView } from "../report/plan-view.ts";
import { highsSolver } from "../solver/highs-solver.ts";
import { numberOption, timeOption, wholeNumberOption } from "./options.ts";

interface PlanOptions {
  readonly policy: PolicyName;
  readonly gap: number;
  readonly at?: number;
  readonly deadlineSeconds: number;
  readonly seed: number;
  readonly explain: boolean;
  readonly json: boolean;
}

const ALTERNATIVES_SHOWN = 6;

/** The command. */
export function planCommand(): Command {
  return new Command("plan")
    .description(
      "Makes one decision for a scenario: all its jobs that are submitted by then wait, nothing is rented yet.",
    )
    .argument("<scenario>", "scenario file, for example instances/scenarios/prototype-2019.json")
    .addOption(
      new Option("--policy <policy>", "how to decide").choices(POLICY_NAMES).default("progress-value"),
    )
    .option(
      "--gap <gap>",
      "stop once the plan is proven to be within this relative gap",
      numberOption(0, 1),
      0,
    )
    .option(
      "--at <time>",
      "time of the decision, ISO 8601 with zone (default: the last submission)",
      timeOption,
    )
    .option(
      "--deadline-seconds <s>",
      "answer by then with the best plan so far",
      numberOption(0.05, 86_400),
      60,
    )
    .option("--seed <n>", "seed of the solver", wholeNumberOption(0, 2 ** 31 - 1), 1)
    .option("--explain", "also say why each job runs where it runs or waits, with its alternatives", false)
    .option("--json", "print the plan (with --explain also the explanation) as JSON", false)
    .action(plan);
}

async function plan(path: string, options: PlanOptions): Promise<void> {
  const scenario = loadScenario(path, loadReferenceData());
  const state = stateAt(path, scenario, options.at);
  const solver = highsSolver({ threads: 1 });
  try {
    const decided = await planFor(state, {
      policy: options.policy,
      solver,
      clock: () => millisecondsToSeconds(performance.now()),
      limits: {
        relativeGap: options.gap,
        maxTreeNodes: null,
        deadlineSeconds: options.deadlineSeconds,
        seed: options.seed,
      },
    });
    const explanations = options.explain ? explain(state, decided, options.policy) : null;
    if (options.json) {
      const view = planView(decided, state.settings);
      console.log(
        JSON.stringify(
          explanations === null ? view : { ...view, explanation: explanations.map(jobExplanationView) },
          null,
          2,
        ),
      );
      return;
    }
    console.log(planText(decided, scenario.settings.vmTypes, scenario.settings.maxNodes));
    if (explanations !== null) console.log(`\n${explanationText(explanations, ALTERNATIVES_SHOWN)}`);
  } finally {
    await solver.close();
  }
}

/** The cluster at the time of the decision: every job submitted by then waits. Throws InvalidInput when there is none. */
export function stateAt(path: string, scenario: Scenario, at: number | undefined): ClusterState {
  const submissions = scenario.jobs.map((job) => job.submittedAtSeconds);
  const atSeconds = at ?? (submissions.length === 0 ? 0 : Math.max(...submissions));
  const jobs: readonly Job[] = scenario.jobs.filter((job) => job.submittedAtSeconds <= atSeconds);
  if (jobs.length === 0) {
    const first =
      submissions.length === 0
        ? "the scenario has none"
        : `the first is submitted at ${isoTime(Math.min(...submissions))}`;
    throw new InvalidInput(path, [
      {
        path: "/jobs",
        value: at === undefined ? [] : isoTime(atSeconds),
        message: `there is no job to plan for: ${first}`,
        fix: "Add jobs, or give a later --at.",
      },
    ]);
  }
  return observe(emptyCluster(scenario.settings), { kind: "jobs-arrived", jobs, atSeconds });
}
