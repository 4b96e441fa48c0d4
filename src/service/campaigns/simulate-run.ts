/** Simulates one run of a campaign; the engine and the draws are those of `berth campaign`. */
import { drawnScenarioJob } from "../../catalog/generated-scenario.ts";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import { jobId } from "../../domain/ids.ts";
import type { Job } from "../../domain/job.ts";
import { millisecondsToSeconds } from "../../domain/units.ts";
import type { SolverPort } from "../../milp/solver-port.ts";
import type { CampaignRunView } from "../../report/campaign-view.ts";
import { campaignMetrics } from "../../report/campaign-view.ts";
import { asPredicted, noisyDurations } from "../../simulator/actual-durations.ts";
import { campaignGenerator } from "../../simulator/campaign.ts";
import { simulateScenario } from "../../simulator/simulate-scenario.ts";
import { generateJobs } from "../../simulator/workload-generator.ts";
import { clusterJobMaker } from "../job-makers.ts";
import type { CampaignRunTask } from "./campaign-input.ts";

/** Throws where a drawn job cannot be planned for, or is never started. */
export async function simulateRun(
  task: CampaignRunTask,
  { reference, solver }: { readonly reference: ReferenceData; readonly solver: SolverPort },
  onShare: (share: number) => void,
): Promise<CampaignRunView["metrics"]> {
  const { settings, scenario, policy, noiseSigma, relativeGap, maxTreeNodes } = task;
  const { seed } = scenario;
  const { metrics } = await simulateScenario(
    {
      settings,
      jobs: drawnJobs(task, reference),
      policy,
      seed,
      relativeGap,
      maxTreeNodes,
      actualSeconds: noiseSigma === 0 ? asPredicted : noisyDurations({ seed, sigma: noiseSigma }),
    },
    {
      solver,
      stopwatch: () => millisecondsToSeconds(performance.now()),
      onProgress: (completed, all) => {
        onShare(completed / all);
      },
    },
  );
  return campaignMetrics(metrics);
}

function drawnJobs(
  { settings, templates, scenario }: CampaignRunTask,
  reference: ReferenceData,
): readonly Job[] {
  const makeJob = clusterJobMaker(reference, settings);
  return generateJobs(campaignGenerator(scenario), templates).map((drawn) => {
    const spec = drawnScenarioJob(drawn);
    const made = makeJob(spec, { id: jobId(spec.id), submittedAtSeconds: spec.submittedAt });
    if (made.kind === "job") return made.job;
    const why = made.problems.map(({ message }) => message).join("; ");
    throw new Error(`Job ${spec.id} of the scenario cannot be planned for: ${why}`);
  });
}
