/** A plan as JSON: for `GET /v1/plan` and for the command line's `--json`. */
import { z } from "zod";
import { isoTime } from "../catalog/time.ts";
import type { AllocatedNode } from "../domain/allocation.ts";
import { gpusInUse } from "../domain/allocation.ts";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import type { Plan, WaitingForecast } from "../domain/plan.ts";
import { changeLossesSchema, changeLossesView } from "./change-losses-view.ts";
import { runningJobSchema, runningJobView, waitingJobSchema, waitingJobView } from "./forecast-view.ts";
import type { RunningJobView } from "./forecast-view.ts";
import { gpusField, idField, timeField, usdField, vmTypeField } from "./view-fields.ts";

const nodeSchema = z
  .strictObject({
    id: z.string().meta({ example: "node-1" }),
    vmType: vmTypeField,
    gpuType: z.string().meta({ example: "K80" }),
    gpuCount: gpusField.meta({ description: "GPUs of the node." }),
    pricePerHourUsd: usdField.meta({ description: "Rent in USD per hour, however few GPUs are used." }),
    parts: z
      .array(z.strictObject({ jobId: idField, gpus: gpusField }))
      .meta({ description: "How the node's GPUs are split among jobs." }),
    idleGpus: z.int().min(0).meta({ description: "GPUs that no job uses.", example: 0 }),
  })
  .meta({ id: "Node", description: "One rented VM and its GPU partition." });

/** JSON form of a proof. */
export const proofSchema = z
  .strictObject({
    objectiveName: z.string().meta({ example: "progress-value" }),
    sense: z.enum(["maximize", "minimize"]),
    unit: z.enum(["USD per hour", "USD"]),
    objective: z.number().meta({ description: "Objective of the plan, recomputed from the plan itself." }),
    bound: z
      .number()
      .nullable()
      .meta({ description: "No plan can be better than this; null when no bound was proven." }),
    gap: z
      .number()
      .min(0)
      .nullable()
      .meta({ description: "|bound − objective| / |objective|; null when unknown.", example: 0 }),
    stopReason: z.enum([
      "proven-optimal",
      "gap-reached",
      "time-limit",
      "node-limit",
      "deadline",
      "solver-failed",
      "rule",
      "nothing-to-decide",
    ]),
  })
  .meta({ id: "Proof", description: "How good the plan is, and how far from optimal it can be at most." });

const totalsSchema = z
  .strictObject({
    nodeCount: z.int().min(0),
    runningJobCount: z.int().min(0),
    waitingJobCount: z.int().min(0),
    idleGpus: z.int().min(0),
    expectedRentUsd: usdField.meta({ description: "Rent of all running jobs until each completes." }),
    expectedTardinessCostUsd: usdField.meta({ description: "Expected tardiness cost of all running jobs." }),
    expectedTotalCostUsd: usdField.meta({ description: "Rent and tardiness cost of all running jobs." }),
    leastWaitingTardinessCostUsd: usdField.meta({
      description: "Tardiness cost of all waiting jobs that not even an immediate start of each avoids.",
    }),
  })
  .meta({ id: "PlanTotals", description: "Sums over the plan." });

/** JSON form of a plan. */
export const planViewSchema = z
  .strictObject({
    revision: z.int().min(0).meta({
      description:
        "Revision of the cluster state that was decided on. A plan knows an event when its revision is at least the one that the event was acknowledged with.",
      example: 4,
    }),
    decidedAt: timeField,
    policy: z.string().meta({ example: "progress-value" }),
    nodes: z.array(nodeSchema),
    running: z.array(runningJobSchema),
    waiting: z.array(waitingJobSchema).meta({
      description:
        "Jobs that wait. Of very many only those of least slack are listed; totals.waitingJobCount counts all, and GET /v1/jobs?status=waiting lists all.",
    }),
    rentPerHourUsd: usdField.meta({ description: "Rent of all nodes in USD per hour." }),
    totals: totalsSchema,
    proof: proofSchema,
    movedJobIds: z
      .array(idField)
      .meta({ description: "Jobs that ran before and run elsewhere or on other GPUs now." }),
    stoppedJobIds: z.array(idField).meta({ description: "Jobs that ran before and wait now." }),
    changeLosses: changeLossesSchema,
    nextDecisionAt: timeField.nullable().meta({
      description: "When Berth decides again if nothing happens before; null when there is no reason to.",
    }),
  })
  .meta({
    id: "Plan",
    description: "One decision: what to rent, who runs where, who waits, what it costs, and the proof.",
  });

export type PlanView = z.output<typeof planViewSchema>;

/**
 * A plan as JSON. The settings are those of the cluster that it was made for; throws when it rents a VM type they do not have. Of more waiting jobs
 * than `maxWaiting` only those of least slack are listed; the totals count all.
 */
export function planView(
  plan: Plan,
  settings: Pick<ClusterSettings, "vmTypes">,
  maxWaiting = Infinity,
): PlanView {
  const nodes = plan.allocation.nodes.map((node) => nodeView(node, settings));
  const running = plan.forecasts.flatMap((entry) =>
    entry.kind === "running" ? [runningJobView(entry)] : [],
  );
  const waiting = plan.forecasts.filter((entry) => entry.kind === "waiting");
  return {
    revision: plan.revision,
    decidedAt: isoTime(plan.decidedAtSeconds),
    policy: plan.policy,
    nodes,
    running,
    waiting: mostUrgent(waiting, maxWaiting).map(waitingJobView),
    rentPerHourUsd: plan.rentPerHourUsd,
    totals: totalsOf(nodes, running, waiting),
    proof: plan.proof,
    movedJobIds: [...plan.movedJobIds],
    stoppedJobIds: [...plan.stoppedJobIds],
    changeLosses: changeLossesView(plan.changeLosses),
    nextDecisionAt: plan.wakeUpAtSeconds === null ? null : isoTime(plan.wakeUpAtSeconds),
  };
}

function mostUrgent(waiting: readonly WaitingForecast[], count: number): readonly WaitingForecast[] {
  if (waiting.length <= count) return waiting;
  return [...waiting].sort((a, b) => a.slackSeconds - b.slackSeconds).slice(0, count);
}

function nodeView(
  node: AllocatedNode,
  { vmTypes }: Pick<ClusterSettings, "vmTypes">,
): PlanView["nodes"][number] {
  const vmType = vmTypes.find((candidate) => candidate.id === node.vmTypeId);
  if (vmType === undefined) throw new Error(`Plan rents ${node.id} of unknown VM type ${node.vmTypeId}`);
  return {
    id: node.id,
    vmType: vmType.id,
    gpuType: vmType.gpuType,
    gpuCount: vmType.gpuCount,
    pricePerHourUsd: vmType.pricePerHourUsd,
    parts: node.parts.map(({ jobId, gpus }) => ({ jobId, gpus })),
    idleGpus: vmType.gpuCount - gpusInUse(node),
  };
}

function totalsOf(
  nodes: PlanView["nodes"],
  running: readonly RunningJobView[],
  waiting: readonly WaitingForecast[],
): PlanView["totals"] {
  const expectedRentUsd = sum(running.map((job) => job.expectedRentUsd));
  const expectedTardinessCostUsd = sum(running.map((job) => job.expectedTardinessCostUsd));
  return {
    nodeCount: nodes.length,
    runningJobCount: running.length,
    waitingJobCount: waiting.length,
    idleGpus: sum(nodes.map((node) => node.idleGpus)),
    expectedRentUsd,
    expectedTardinessCostUsd,
    expectedTotalCostUsd: expectedRentUsd + expectedTardinessCostUsd,
    leastWaitingTardinessCostUsd: sum(waiting.map((job) => job.leastTardinessCostUsd)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
