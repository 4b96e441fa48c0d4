/** What one plan changed against another, as JSON. */
import { z } from "zod";
import type { PlanView } from "./plan-view.ts";
import { gpusField, idField, timeField, vmTypeField } from "./view-fields.ts";

const placeSchema = z
  .strictObject({ nodeId: z.string().meta({ example: "node-1" }), vmType: vmTypeField, gpus: gpusField })
  .nullable()
  .meta({ description: "Where the job runs; null where it does not." });

/** JSON form of the difference of two plans. */
export const planChangeSchema = z
  .strictObject({
    fromRevision: z.int().min(0).meta({ example: 4 }),
    toRevision: z.int().min(0).meta({ example: 9 }),
    fromDecidedAt: timeField,
    toDecidedAt: timeField,
    rentPerHourChangeUsd: z.number().meta({ description: "Rent of the later plan minus the earlier one's." }),
    rentedNodes: z
      .array(z.strictObject({ nodeId: z.string(), vmType: vmTypeField }))
      .meta({ description: "Nodes of the later plan that the earlier one does not have." }),
    releasedNodes: z
      .array(z.strictObject({ nodeId: z.string(), vmType: vmTypeField }))
      .meta({ description: "Nodes of the earlier plan that the later one does not have." }),
    jobs: z
      .array(
        z.strictObject({
          jobId: idField,
          change: z.enum(["started", "moved", "no-longer-running"]),
          from: placeSchema,
          to: placeSchema,
        }),
      )
      .meta({
        description:
          "Jobs whose place differs, sorted by id. A job no longer runs when it waits or has ended.",
      }),
  })
  .meta({ id: "PlanChange", description: "What a later plan changed against an earlier one." });

export type PlanChangeView = z.output<typeof planChangeSchema>;

type Place = NonNullable<PlanChangeView["jobs"][number]["from"]>;

/** The difference of two plans of one cluster. */
export function planChangeView(from: PlanView, to: PlanView): PlanChangeView {
  const before = placesOf(from);
  const after = placesOf(to);
  const jobIds = [...new Set([...before.keys(), ...after.keys()])].sort();
  return {
    fromRevision: from.revision,
    toRevision: to.revision,
    fromDecidedAt: from.decidedAt,
    toDecidedAt: to.decidedAt,
    rentPerHourChangeUsd: to.rentPerHourUsd - from.rentPerHourUsd,
    rentedNodes: nodesOnlyIn(to, from),
    releasedNodes: nodesOnlyIn(from, to),
    jobs: jobIds.flatMap((jobId) => jobChange(jobId, before.get(jobId) ?? null, after.get(jobId) ?? null)),
  };
}

function jobChange(jobId: string, from: Place | null, to: Place | null): PlanChangeView["jobs"] {
  if (from === null) return to === null ? [] : [{ jobId, change: "started", from, to }];
  if (to === null) return [{ jobId, change: "no-longer-running", from, to }];
  return from.nodeId === to.nodeId && from.gpus === to.gpus ? [] : [{ jobId, change: "moved", from, to }];
}

function placesOf({ nodes }: PlanView): ReadonlyMap<string, Place> {
  return new Map(
    nodes.flatMap(({ id, vmType, parts }) =>
      parts.map(({ jobId, gpus }): [string, Place] => [jobId, { nodeId: id, vmType, gpus }]),
    ),
  );
}

function nodesOnlyIn(plan: PlanView, other: PlanView): PlanChangeView["rentedNodes"] {
  const known = new Set(other.nodes.map(({ id }) => id));
  return plan.nodes.flatMap(({ id, vmType }) => (known.has(id) ? [] : [{ nodeId: id, vmType }]));
}
