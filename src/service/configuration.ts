/** The service's configuration, from the environment; a wrong value stops the start with its name. */
import { z } from "zod";
import { parseInput } from "../catalog/parse-json-file.ts";
import { shippedScenarioPath } from "../catalog/reference-data.ts";
import { POLICY_NAMES } from "../planner/policy.ts";

const MAX_PORT = 65_535;

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(MAX_PORT).default(8080),
  BERTH_SCENARIO: z.string().min(1).default(shippedScenarioPath("prototype-2019")),
  BERTH_POLICY: z.enum(POLICY_NAMES).default("progress-value"),
  BERTH_LOG_LEVEL: z.enum(["silent", "error", "warn", "info", "debug"]).default("warn"),
});

/** What the service is started with. */
export interface Configuration {
  /** 0 takes any free port. */
  readonly port: number;
  /** Scenario file: the cluster's limits and the jobs to begin with. */
  readonly scenarioPath: string;
  readonly policy: (typeof POLICY_NAMES)[number];
  readonly logLevel: string;
}

/** Reads the configuration; throws InvalidInput naming the variable, its value and the fix. */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const parsed = parseInput(environmentSchema, environment, "environment");
  return {
    port: parsed.PORT,
    scenarioPath: parsed.BERTH_SCENARIO,
    policy: parsed.BERTH_POLICY,
    logLevel: parsed.BERTH_LOG_LEVEL,
  };
}
