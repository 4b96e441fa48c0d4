/** How costs of change enter the worth of jobs: by their slack, and by what a new node for one job alone costs. */
import { rentUsd } from "../domain/cost.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { shortestDurationSeconds } from "../domain/planning-problem.ts";
import { PROGRESS_VALUE_PARAMETERS, slackSeconds } from "../formulation/progress-value.ts";

/**
 * The problem with due dates moved up by the time that a job needs, besides its work, to reach its fastest configuration on a new node: restart and boot. Slack then
 * counts it. A job that is there already is treated alike: if arriving made a job less urgent, it would be moved away again.
 */
export function withTimeToChange(problem: PlanningProblem): PlanningProblem {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  return {
    ...problem,
    jobs: problem.jobs.map((job) => {
      const shortest = shortestDurationSeconds(job);
      const boots = job.configurations
        .filter((entry) => entry.durationSeconds === shortest)
        .map(({ vmTypeId }) => vmTypes.get(vmTypeId)?.bootSeconds ?? 0);
      return { ...job, dueAtSeconds: job.dueAtSeconds - Math.min(...boots) - (job.restartSeconds ?? 0) };
    }),
  };
}

/**
 * The problem by which the worth of jobs is found: slack counts the time to change, and as its slack goes, a job is worth what a new node for it alone costs, boot,
 * restart and minimum billing included; else a short job that nobody shares a node with would never be worth its boot. Its work counts
 *
 *   K_j = 1 + (min_v c_v max(M_v, B_v + restart + t_jv) / min_v c_v t_jv − 1) · exp(−s_j / (θ t^min_j))          dimensionless, exponent at most 0
 *
 * times, so that V_j does, while s_j stays what it is.
 */
export function withWorthOfChange(problem: PlanningProblem): PlanningProblem {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  return {
    ...problem,
    jobs: withTimeToChange(problem).jobs.map((job) => {
      let workUsd = Infinity;
      let aloneUsd = Infinity;
      for (const { vmTypeId, durationSeconds } of job.configurations) {
        const vmType = vmTypes.get(vmTypeId);
        if (vmType === undefined) continue;
        const { pricePerHourUsd, bootSeconds = 0, minimumBillingSeconds = 0 } = vmType;
        const kept = Math.max(
          minimumBillingSeconds,
          bootSeconds + (job.restartSeconds ?? 0) + durationSeconds,
        );
        workUsd = Math.min(workUsd, rentUsd({ pricePerHourUsd, durationSeconds }));
        aloneUsd = Math.min(aloneUsd, rentUsd({ pricePerHourUsd, durationSeconds: kept }));
      }
      // A node that costs nothing is worth its boot in any case.
      if (!(workUsd > 0) || aloneUsd === workUsd) return job;
      const shortest = shortestDurationSeconds(job);
      const { urgencyHorizonFactor } = PROGRESS_VALUE_PARAMETERS;
      const slack = Math.max(0, slackSeconds(job, problem.nowSeconds));
      const urgency = Math.exp(-slack / (urgencyHorizonFactor * shortest));
      const factor = 1 + (aloneUsd / workUsd - 1) * urgency;
      return {
        ...job,
        dueAtSeconds: job.dueAtSeconds + (factor - 1) * shortest,
        configurations: job.configurations.map((entry) => ({
          ...entry,
          durationSeconds: factor * entry.durationSeconds,
        })),
      };
    }),
  };
}
