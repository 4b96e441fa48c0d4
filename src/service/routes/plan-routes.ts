import { isoTime } from "../../catalog/time.ts";
import { planChangeView } from "../../report/plan-change-view.ts";
import { commandView, planSummaryView } from "../../report/plan-summary-view.ts";
import type { PlanView } from "../../report/plan-view.ts";
import { planViewSchema } from "../../report/plan-view.ts";
import type { PlanRecord } from "../../store/plan-record.ts";
import type { CommandRecord } from "../../store/plans.ts";
import type { StoreParts } from "../../store/store.ts";
import { cursorAfter } from "../cursor.ts";
import {
  getCommands,
  getPlanChanges,
  getPlanOfRevision,
  getPlans,
  getPlanStream,
  putCommand,
} from "../endpoints/plans.ts";
import { RequestProblem } from "../problem-details.ts";
import { eventTime, recordEvent } from "../recording/record-event.ts";
import type { Route } from "../route.ts";
import { Tagged, rawRoute, route } from "../route.ts";
import { streamPlans } from "../plan-stream.ts";
import type { ServiceContext } from "./service-context.ts";
import { knownCluster } from "./service-context.ts";

const PAGE_PLANS = 20;

/** Answers everything under /plans of a cluster, and its stream. */
export function planRoutes(context: ServiceContext): readonly Route[] {
  const { store, clock } = context;
  return [
    route(getPlans, async ({ clusterId, query }) => {
      await knownCluster(store, clusterId);
      const { limit = PAGE_PLANS, cursor = Number.MAX_SAFE_INTEGER } = query;
      const found = await store.plans.before(clusterId, cursor, limit + 1);
      const page = found.slice(0, limit);
      const last = page.at(-1)?.plan.revision;
      return {
        plans: page.map(({ plan, commands }) => planSummaryView(plan, commands)),
        nextCursor: found.length > limit && last !== undefined ? cursorAfter(last) : null,
      };
    }),
    route(getPlanOfRevision, async ({ clusterId, params }) => {
      const { body } = await fullPlan(store, clusterId, params.revision);
      return new Tagged(`${params.revision}`, () => JSON.stringify(body));
    }),
    route(getPlanChanges, async ({ clusterId, params, query }) => {
      const [from, to] = await Promise.all([
        shownPlan(store, clusterId, query.since),
        shownPlan(store, clusterId, params.revision),
      ]);
      return planChangeView(from, to);
    }),
    rawRoute(getPlanStream, ({ clusterId, headers }, _request, response) =>
      streamPlans(context, response, { clusterId, afterRevision: headers["last-event-id"] ?? null }),
    ),
    route(getCommands, async ({ clusterId, params }) => {
      await knownPlan(store, clusterId, params.revision);
      const commands = await store.plans.commands(clusterId, params.revision);
      return { commands: commands.map(stateOf) };
    }),
    route(putCommand, async ({ clusterId, params, body, principalId, requestId }) =>
      store.write(clusterId, async (locked) => {
        await knownPlan(locked, clusterId, params.revision);
        const commands = await locked.plans.commands(clusterId, params.revision);
        const command = commands.find(({ number }) => number === params.number);
        if (command === undefined)
          throw new RequestProblem(
            "unknown-plan",
            `Plan ${params.revision} has ${commands.length} commands and none with the number ${params.number}.`,
          );
        if (command.status === body.status) return stateOf(command);
        if (command.status !== "pending")
          throw new RequestProblem("conflict", `The command is ${command.status} already.`);
        const atSeconds = eventTime(locked, clock.nowSeconds());
        const settled = {
          ...command,
          status: body.status,
          settledAtSeconds: atSeconds,
          note: body.note ?? null,
        };
        await locked.plans.settle(clusterId, settled);
        const { command: toDo } = command;
        if (body.status === "failed" && toDo.kind === "rent-node") {
          const nodes = await locked.clusters.nodes(clusterId);
          if (nodes.some(({ id }) => id === toDo.nodeId))
            await recordEvent(locked, {
              event: { kind: "node-lost", nodeId: toDo.nodeId, atSeconds },
              cause: { principal: principalId, requestId },
            });
        }
        return stateOf(settled);
      }),
    ),
  ];
}

function stateOf({ number, command, status, settledAtSeconds, note }: CommandRecord): {
  readonly number: number;
  readonly command: ReturnType<typeof commandView>;
  readonly status: CommandRecord["status"];
  readonly settledAt: string | null;
  readonly note: string | null;
} {
  return {
    number,
    command: commandView(command),
    status,
    settledAt: settledAtSeconds === null ? null : isoTime(settledAtSeconds),
    note,
  };
}

async function knownPlan(
  parts: Pick<StoreParts, "plans" | "clusters">,
  clusterId: string,
  revision: number,
): Promise<PlanRecord> {
  await knownCluster(parts, clusterId);
  const plan = await parts.plans.ofRevision(clusterId, revision);
  if (plan === undefined) throw new RequestProblem("unknown-plan", `No plan has the revision ${revision}.`);
  return plan;
}

async function fullPlan(
  parts: Pick<StoreParts, "plans" | "clusters">,
  clusterId: string,
  revision: number,
): Promise<PlanRecord & { readonly body: object }> {
  const plan = await knownPlan(parts, clusterId, revision);
  const { body } = plan;
  if (body === null)
    throw new RequestProblem(
      "pruned",
      `Plan ${revision} is so old that only its summary and commands are kept; ask for /plans/${revision}/commands.`,
    );
  return { ...plan, body };
}

async function shownPlan(
  parts: Pick<StoreParts, "plans" | "clusters">,
  clusterId: string,
  revision: number,
): Promise<PlanView> {
  return planViewSchema.parse((await fullPlan(parts, clusterId, revision)).body);
}
