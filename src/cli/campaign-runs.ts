/**
 * The runs of a campaign, kept as one JSON line each in OUT/runs.jsonl, so that a campaign that was stopped goes on where it was: a run whose line is there is not repeated,
 * a line cut short is, and so is one of another content of the catalogue or the scenario. Scenarios are drawn into OUT/scenarios.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { requireFolder } from "../catalog/replace-files.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import type { CampaignRun } from "../report/campaign-means.ts";
import type { CampaignGrid } from "../simulator/campaign.ts";
import { campaignScenarios, scenarioName } from "../simulator/campaign.ts";
import { campaignRequest, catalogPath, scenarioGenerator } from "./scenario-generator.ts";
import { runSimulations } from "./simulation-pool.ts";
import type { ActualDurations, SimulationTask } from "./simulation-run.ts";

/** What to run, and how. */
export interface CampaignPlan extends CampaignGrid {
  readonly catalog: string;
  readonly region: string | null;
  readonly arrivalsPath: string | null;
  readonly actual: ActualDurations;
  readonly relativeGap: number;
  readonly maxTreeNodes: number;
}

/** How to run it. */
export interface CampaignOptions {
  readonly folder: string;
  readonly threads?: number;
  /** Is told the share of all runs that is done. */
  readonly onProgress: (share: number, words: string) => void;
}

/** A finished run as a line of the journal. */
interface JournalRun extends CampaignRun {
  /** What else was asked for; a run under other settings is another run. */
  readonly settings: string;
}

interface PlannedRun {
  readonly key: Omit<JournalRun, "metrics">;
  readonly task: SimulationTask;
}

const runSchema = z.object({
  scenario: z.string(),
  nodes: z.number(),
  lambdaSeconds: z.number(),
  seed: z.number(),
  policy: z.enum(POLICY_NAMES),
  settings: z.string(),
  metrics: z.looseObject({
    totalCostUsd: z.number(),
    vmCostUsd: z.number(),
    tardinessCostUsd: z.number(),
    tardinessSeconds: z.number(),
    jobsCompleted: z.number(),
    lowerBoundUsd: z.number(),
    moves: z.number(),
    stops: z.number(),
    decisionSeconds: z.object({ median: z.number(), p95: z.number(), max: z.number() }).nullable(),
  }),
});

/** Runs what is missing and answers all runs of the plan, in its order. */
export async function runCampaign(
  plan: CampaignPlan,
  options: CampaignOptions,
): Promise<readonly JournalRun[]> {
  requireFolder(join(options.folder, "scenarios"));
  const journal = join(options.folder, "runs.jsonl");
  const planned = plannedRuns(plan, options.folder);
  const done = new Map(readRuns(journal).map((run) => [keyText(run), run]));
  const missing = planned.filter(({ key }) => !done.has(keyText(key)));
  if (existsSync(journal) && !readFileSync(journal, "utf8").endsWith("\n")) appendFileSync(journal, "\n");
  let finished = planned.length - missing.length;
  const shares = missing.map(() => 0);
  const show = (): void => {
    const running = shares.reduce((total, share) => total + (share < 1 ? share : 0), 0);
    options.onProgress((finished + running) / planned.length, `${finished} of ${planned.length} runs`);
  };
  show();
  await runSimulations(
    missing.map(({ task }) => task),
    {
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onProgress: (index, share) => {
        shares[index] = share;
        show();
      },
      onReport: ({ metrics }, index) => {
        const key = missing[index]?.key;
        if (key === undefined) return;
        const run: JournalRun = { ...key, metrics };
        done.set(keyText(key), run);
        appendFileSync(journal, `${JSON.stringify(run)}\n`);
        finished += 1;
        shares[index] = 1;
        show();
      },
    },
  );
  return planned.flatMap(({ key }) => done.get(keyText(key)) ?? []);
}

function plannedRuns(plan: CampaignPlan, folder: string): readonly PlannedRun[] {
  const generate = scenarioGenerator(plan.catalog, plan.region);
  const common = JSON.stringify({
    actual: plan.actual,
    relativeGap: plan.relativeGap,
    maxTreeNodes: plan.maxTreeNodes,
    catalog: plan.catalog,
    region: plan.region,
    arrivals: plan.arrivalsPath,
    // Prices of the same file may be others now.
    catalogContent: digestOf(readFileSync(catalogPath(plan.catalog), "utf8")),
  });
  return campaignScenarios(plan).flatMap((drawn) => {
    const scenario = scenarioName(drawn, plan.arrivalsPath === null ? "drawn" : "trace");
    const path = join(folder, "scenarios", `${scenario}.json`);
    const text = generate(campaignRequest(drawn, plan.arrivalsPath));
    writeFileSync(path, text);
    const settings = `${common} ${digestOf(text)}`;
    return plan.policies.map((policy): PlannedRun => ({
      key: { scenario, ...drawn, policy, settings },
      task: {
        source: { kind: "scenario", path },
        policy,
        seed: drawn.seed,
        actual: plan.actual,
        relativeGap: plan.relativeGap,
        maxTreeNodes: plan.maxTreeNodes,
      },
    }));
  });
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

const keyText = ({ scenario, policy, settings }: Omit<JournalRun, "metrics">): string =>
  [scenario, policy, settings].join(" ");

/** The finished runs of a journal; lines that are no runs (cut short when the process was ended) are left out. */
export function readRuns(path: string): readonly JournalRun[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line): readonly JournalRun[] => {
      const parsed = runSchema.safeParse(jsonOrNull(line));
      return parsed.success ? [parsed.data] : [];
    });
}

function jsonOrNull(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return value;
  } catch {
    return null;
  }
}
