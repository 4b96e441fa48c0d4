/** A plan in short, with what an executor must do to follow it, as JSON. */
import { z } from "zod";
import { isoTime } from "../catalog/time.ts";
import type { Command, Plan } from "../domain/plan.ts";
import { proofSchema } from "./plan-view.ts";
import { gpusField, idField, timeField, usdField, vmTypeField } from "./view-fields.ts";

const nodeIdField = z.string().meta({ example: "node-1" });

/** JSON form of a command. */
export const commandSchema = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("rent-node"), nodeId: nodeIdField, vmType: vmTypeField })
      .meta({ id: "RentNode" }),
    z
      .strictObject({ kind: z.literal("release-node"), nodeId: nodeIdField, vmType: vmTypeField })
      .meta({ id: "ReleaseNode" }),
    z
      .strictObject({ kind: z.literal("start-job"), jobId: idField, nodeId: nodeIdField, gpus: gpusField })
      .meta({ id: "StartJob" }),
    z
      .strictObject({
        kind: z.literal("move-job"),
        jobId: idField,
        fromNodeId: nodeIdField,
        nodeId: nodeIdField,
        gpus: gpusField,
      })
      .meta({ id: "MoveJob" }),
    z
      .strictObject({ kind: z.literal("stop-job"), jobId: idField, nodeId: nodeIdField })
      .meta({ id: "StopJob" }),
  ])
  .meta({
    id: "Command",
    description:
      "One step of following a plan. In their order no node ever has more GPUs in use than it has.",
  });

export type CommandView = z.output<typeof commandSchema>;

/** JSON form of a plan in short. */
export const planSummarySchema = z
  .strictObject({
    revision: z.int().min(0).meta({ example: 4 }),
    decidedAt: timeField,
    policy: z.string().meta({ example: "progress-value" }),
    rentPerHourUsd: usdField.meta({ description: "Rent of all nodes in USD per hour." }),
    proof: proofSchema,
    movedJobIds: z.array(idField),
    stoppedJobIds: z.array(idField),
    commands: z.array(commandSchema).meta({ description: "What an executor must do, in this order." }),
  })
  .meta({ id: "PlanSummary", description: "A plan in short, and what it takes to follow it." });

export type PlanSummaryView = z.output<typeof planSummarySchema>;

/** A plan in short. */
export function planSummaryView(
  plan: Omit<Plan, "allocation" | "forecasts">,
  commands: readonly Command[],
): PlanSummaryView {
  return {
    revision: plan.revision,
    decidedAt: isoTime(plan.decidedAtSeconds),
    policy: plan.policy,
    rentPerHourUsd: plan.rentPerHourUsd,
    proof: plan.proof,
    movedJobIds: [...plan.movedJobIds],
    stoppedJobIds: [...plan.stoppedJobIds],
    commands: commands.map(commandView),
  };
}

/** A command as JSON. */
export function commandView(command: Command): CommandView {
  if (command.kind !== "rent-node" && command.kind !== "release-node") return command;
  return { kind: command.kind, nodeId: command.nodeId, vmType: command.vmTypeId };
}
