/**
 * The peer's cost of one event in separable form, so that the aggregated formulation can pose it (formulation.md §1, solving.md "One general form").
 * The peer charges Σ_running [E·c_v·g_j/usedGpus_n + ω_j max(0, T + E − d_j)] + ρ Σ_waiting ω_j max(0, T + maxExec_j − d_j), where E is the time
 * until the first completion of the whole plan. E and usedGpus_n depend on everybody, so neither adds up over jobs. Here instead:
 *
 *   min  Σ_j Σ_vg C_jvg x_jvg + Σ_j P_j (1 − Σ_vg x_jvg) + Σ_v f_v z_v                                          USD
 *
 *   E     = min(H, min_jvg t_jvg)                              s     the first event that can come, the same for every plan
 *   f_v   = c_v E                                              USD   until then each node costs its whole price
 *   C_jvg = c_v (g/G_v) max(0, t_jvg − E) + ω_j max(0, T + t_jvg − d_j)   after it a job pays its share of a full node until it ends; and its tardiness
 *   P_j   = ρ ω_j max(0, T + maxExec_j − d_j)                  USD   the worst case of waiting, ρ = 100
 *
 * Without the rent after E the cost would prefer whatever is cheap for a moment over what is cheap for the job, which the peer's own cost is spared by
 * choosing setups by their whole cost beforehand. A job that waits without risk costs nothing, so nobody runs before its due date presses: that is what
 * "myopic" means, and why this is a policy for comparison.
 */
import { rentUsd, shareOfRentUsd } from "../domain/cost.ts";
import type { PlanningProblem } from "../domain/planning-problem.ts";
import { shortestDurationSeconds } from "../domain/planning-problem.ts";
import { tardinessIfEndingUsd, waitingPenaltyUsd } from "./first-completion.ts";
import type { SeparableObjective } from "./objective.ts";
import { separableObjective } from "./objective.ts";

/** The objective for one problem. */
export function myopicObjective(problem: PlanningProblem): SeparableObjective {
  const vmTypes = new Map(problem.vmTypes.map((vmType) => [vmType.id, vmType]));
  const eventSeconds = problem.jobs.reduce(
    (least, job) => Math.min(least, shortestDurationSeconds(job)),
    problem.replanIntervalSeconds,
  );
  return separableObjective(problem, {
    name: "myopic",
    sense: "minimize",
    unit: "USD",
    running: (job, { vmTypeId, gpus, durationSeconds }) => {
      const vmType = vmTypes.get(vmTypeId);
      if (vmType === undefined) return Infinity;
      const afterSeconds = Math.max(0, durationSeconds - eventSeconds);
      return (
        shareOfRentUsd({
          pricePerHourUsd: vmType.pricePerHourUsd,
          durationSeconds: afterSeconds,
          gpus,
          gpusInUse: vmType.gpuCount,
        }) + tardinessIfEndingUsd(problem, job, durationSeconds)
      );
    },
    waiting: (job) => waitingPenaltyUsd(problem, job),
    node: ({ pricePerHourUsd }) => rentUsd({ pricePerHourUsd, durationSeconds: eventSeconds }),
  });
}
