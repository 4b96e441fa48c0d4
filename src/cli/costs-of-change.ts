/** Costs of change for a whole scenario, from the command line: they replace what the scenario says. */
import type { Command } from "commander";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import type { Job } from "../domain/job.ts";
import { numberOption } from "./options.ts";

/** Seconds for all jobs and all VM types; what is missing stays as the scenario has it. */
export interface CostsOfChange {
  readonly checkpointSeconds?: number;
  readonly bootSeconds?: number;
  readonly minimumBillingSeconds?: number;
}

/** A month: more would never be a checkpoint, a boot or a minimum billing. */
const MOST_SECONDS = 2_678_400;

/** Adds --checkpoint-seconds, --boot-seconds and --minimum-billing-seconds to a command. */
export function withCostsOfChange(command: Command): Command {
  return command
    .option(
      "--checkpoint-seconds <s>",
      "seconds that a job holds its GPUs without progress each time it goes on after a stop or a move",
      numberOption(0, MOST_SECONDS),
    )
    .option(
      "--boot-seconds <s>",
      "seconds from the rent of a node until its jobs make progress",
      numberOption(0, MOST_SECONDS),
    )
    .option(
      "--minimum-billing-seconds <s>",
      "seconds that a node is billed for at least",
      numberOption(0, MOST_SECONDS),
    );
}

/** The costs of change among a command's options. */
export function costsOfChangeOption({
  checkpointSeconds,
  bootSeconds,
  minimumBillingSeconds,
}: CostsOfChange): CostsOfChange {
  return {
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
    ...(bootSeconds === undefined ? {} : { bootSeconds }),
    ...(minimumBillingSeconds === undefined ? {} : { minimumBillingSeconds }),
  };
}

/** A scenario's cluster and jobs with these costs of change. */
export function withCosts<
  Scenario extends { readonly settings: ClusterSettings; readonly jobs: readonly Job[] },
>(scenario: Scenario, { checkpointSeconds, ...nodes }: CostsOfChange): Scenario {
  return {
    ...scenario,
    settings: {
      ...scenario.settings,
      vmTypes: scenario.settings.vmTypes.map((vmType) => ({ ...vmType, ...nodes })),
    },
    jobs:
      checkpointSeconds === undefined
        ? scenario.jobs
        : scenario.jobs.map((job) => ({ ...job, checkpointSeconds })),
  };
}
