/** The command line's commands. Wrong input ends with exit code 2 and says path, value and fix; bugs end with 1. */
import { Command, CommanderError } from "commander";
import { InvalidInput } from "../catalog/input-problem.ts";
import { campaignCommand } from "./campaign.ts";
import { calibrateCommand } from "./calibrate.ts";
import { CommandFailure } from "./command-failure.ts";
import { compareCommand } from "./compare.ts";
import { estimateCommand } from "./estimate.ts";
import { exportCommand } from "./export.ts";
import { generateCommand } from "./generate.ts";
import { importCommand } from "./import.ts";
import { planCommand } from "./plan.ts";
import { pricesCommand } from "./prices.ts";
import { replanCommand } from "./replan.ts";
import { simulateCommand } from "./simulate.ts";

const EXIT_BAD_INPUT = 2;
const EXIT_BUG = 1;

/** Runs the command line and answers its exit code. */
export async function runCli(words: readonly string[]): Promise<number> {
  const program = new Command("berth")
    .description(
      "Plans GPU capacity for deep-learning training: which VMs to rent, how their GPUs are split, who waits.",
    )
    .addCommand(planCommand())
    .addCommand(simulateCommand())
    .addCommand(compareCommand())
    .addCommand(generateCommand())
    .addCommand(campaignCommand())
    .addCommand(estimateCommand())
    .addCommand(calibrateCommand())
    .addCommand(pricesCommand())
    .addCommand(replanCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .showHelpAfterError("(berth --help lists commands and options)");
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync([...words], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_INPUT;
    if (error instanceof InvalidInput) {
      console.error(error.message);
      return EXIT_BAD_INPUT;
    }
    if (error instanceof CommandFailure) {
      console.error(error.message);
      return error.exitCode;
    }
    console.error("This is a bug in Berth:", error);
    return EXIT_BUG;
  }
}
