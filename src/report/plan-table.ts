/** A plan as tables for people: nodes to rent, jobs that run, jobs that wait, and the proof. */
import { isoTime } from "../catalog/time.ts";
import type { AllocatedNode } from "../domain/allocation.ts";
import { gpusInUse } from "../domain/allocation.ts";
import type { Plan, Proof, RunningForecast, WaitingForecast } from "../domain/plan.ts";
import type { VmType } from "../domain/vm-type.ts";
import { changeLossesText } from "./change-losses-view.ts";
import { durationText, tableText, usdText } from "./text.ts";

/** The plan as text. `vmTypes` are those that it was decided on. */
export function planText(plan: Plan, vmTypes: readonly VmType[], maxNodes: number): string {
  const running = plan.forecasts.filter((forecast) => forecast.kind === "running");
  const waiting = plan.forecasts.filter((forecast) => forecast.kind === "waiting");
  return [
    `Plan at ${isoTime(plan.decidedAtSeconds)} (policy ${plan.policy}): ${plan.allocation.nodes.length} of ${maxNodes} nodes rented ` +
      `for ${usdText(plan.rentPerHourUsd)} USD/h, ${running.length} jobs run, ${waiting.length} wait.`,
    ...(plan.allocation.nodes.length === 0 ? [] : [nodeTable(plan.allocation.nodes, vmTypes)]),
    ...(running.length === 0 ? [] : [runningTable(running, plan.decidedAtSeconds)]),
    ...(waiting.length === 0 ? [] : [waitingTable(waiting)]),
    ...textOf(changeLossesText(plan.changeLosses)),
    proofText(plan.proof),
  ].join("\n");
}

const textOf = (text: string | null): readonly string[] => (text === null ? [] : [text]);

function nodeTable(nodes: readonly AllocatedNode[], vmTypes: readonly VmType[]): string {
  const rows = nodes.map((node) => {
    const vmType = vmTypes.find((candidate) => candidate.id === node.vmTypeId);
    const idle = vmType === undefined ? "?" : `${vmType.gpuCount - gpusInUse(node)}`;
    return [
      node.id,
      node.vmTypeId,
      vmType === undefined ? "?" : `${vmType.gpuCount} × ${vmType.gpuType}`,
      vmType === undefined ? "?" : usdText(vmType.pricePerHourUsd),
      node.parts.map((part) => `${part.jobId}: ${part.gpus}`).join(", "),
      idle,
    ];
  });
  return tableText(["node", "VM type", "GPUs", "USD/h", "GPU partition (job: GPUs)", "idle"], rows);
}

function runningTable(running: readonly RunningForecast[], decidedAtSeconds: number): string {
  const rows = running.map((forecast) => [
    forecast.jobId,
    `${forecast.nodeId} (${forecast.vmTypeId})`,
    `${forecast.gpus}`,
    durationText(forecast.remainingSeconds),
    `${durationText(forecast.earliestCompletionAtSeconds - decidedAtSeconds)} … ${durationText(forecast.latestCompletionAtSeconds - decidedAtSeconds)}`,
    isoTime(forecast.expectedCompletionAtSeconds),
    forecast.expectedTardinessSeconds === 0 ? "in time" : durationText(forecast.expectedTardinessSeconds),
    usdText(forecast.expectedRentUsd),
    usdText(forecast.expectedTardinessCostUsd),
  ]);
  return tableText(
    ["runs", "on", "GPUs", "time left", "80 % interval", "ends", "tardiness", "rent USD", "late USD"],
    rows,
  );
}

function waitingTable(waiting: readonly WaitingForecast[]): string {
  const rows = waiting.map((forecast) => [
    forecast.reason === "budget" ? `${forecast.jobId} (over budget)` : forecast.jobId,
    forecast.slackSeconds >= 0
      ? durationText(forecast.slackSeconds)
      : `late by ${durationText(-forecast.slackSeconds)}`,
    isoTime(forecast.soonestCompletionAtSeconds),
    usdText(forecast.leastTardinessCostUsd),
  ]);
  return tableText(["waits", "slack", "ends at the soonest", "late USD at least"], rows);
}

/** The proof in one line: objective, bound, gap and why the search stopped. */
export function proofText(proof: Proof): string {
  const bound = proof.bound === null ? "no bound" : `bound ${proof.bound.toPrecision(6)}`;
  const gap = proof.gap === null ? "gap unknown" : `gap ${(proof.gap * 100).toPrecision(2)} %`;
  return `${proof.objectiveName} ${proof.objective.toPrecision(6)} ${proof.unit} (${proof.sense}), ${bound}, ${gap}: ${proof.stopReason}.`;
}
