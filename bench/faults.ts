/**
 * The fault campaign: kill -9 of services and databases under concurrent clients, and what is left of what they acknowledged.
 *
 *   npm run bench:faults -- [--store embedded|postgres] [--rounds 50] [--seed 1] [--clients 6]
 *
 * Exit code 1 where anything was lost, applied twice or infeasible, or does not hold together.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { z } from "zod";
import { runFaultCampaign } from "../test/campaign/fault-campaign.ts";
import { markdownTable, quantile } from "./support/table.ts";

// The services and databases that it started end with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "embedded" },
    rounds: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    clients: { type: "string", default: "6" },
  },
});
const whole = z.coerce.number().int().min(1);
const options = z
  .object({ store: z.enum(["embedded", "postgres"]), rounds: whole, seed: whole, clients: whole })
  .parse(values);

const startedAt = performance.now();
const found = await runFaultCampaign({
  ...options,
  onRound: (line) => {
    console.error(line);
  },
});
const { audit, troubles, recoverySeconds } = found;
const failures = [...audit.lost, ...audit.twice, ...audit.infeasible, ...audit.contradictions, ...troubles];
const seconds = (q: number): string =>
  recoverySeconds.length === 0 ? "none" : `${quantile(recoverySeconds, q).toFixed(1)} s`;
console.log(
  markdownTable(
    ["what", options.store],
    [
      ["rounds", `${options.rounds}`],
      ...[...found.faults].map(([fault, count]) => [fault, `${count}`]),
      ["of them while a plan was owed", `${found.midDecisionCount}`],
      ["acknowledged", `${found.acknowledgedCount}`],
      ["requests repeated", `${found.repeatedCount}`],
      ["events · plans · jobs", `${audit.eventCount} · ${audit.planCount} · ${audit.jobCount}`],
      ["acknowledged and lost", `${audit.lost.length}`],
      ["applied twice", `${audit.twice.length}`],
      ["plans infeasible", `${audit.infeasible.length}`],
      ["contradictions in the history, its snapshot and its tables", `${audit.contradictions.length}`],
      ["other troubles", `${troubles.length}`],
      ["from a fault to a plan that knows everything, p50 · max", `${seconds(0.5)} · ${seconds(1)}`],
      ["hash of the state after the last step", audit.stateHash.slice(0, 16)],
      [
        "took",
        `${((performance.now() - startedAt) / 1000).toFixed(0)} s, load average ${loadavg()[0]?.toFixed(1)}`,
      ],
    ],
  ),
);
for (const failure of failures.slice(0, 40)) console.log(`- ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);
