/** A few rounds of the fault campaign; `npm run bench:faults` runs as many as you like. */
import { describe, expect, it } from "vitest";
import { runFaultCampaign } from "../campaign/fault-campaign.ts";
import { isPostgresAvailable } from "../support/postgres-server.ts";

/** On PostgreSQL they kill the database, the worker and the API, with the seed below; the embedded store has one process to kill. */
const ROUNDS = { embedded: 2, postgres: 3 };
/** Rounds are short where the machine is free; where it is not, they take their time. */
const TIMEOUT_MILLISECONDS = 600_000;

describe("kill -9 under concurrent clients", () => {
  it(
    "loses nothing that the embedded store acknowledged, and applies nothing twice",
    () => survives("embedded"),
    TIMEOUT_MILLISECONDS,
  );

  it.skipIf(!isPostgresAvailable())(
    "loses nothing on PostgreSQL either, whose server is killed too (needs PostgreSQL on this machine)",
    () => survives("postgres"),
    TIMEOUT_MILLISECONDS,
  );
});

async function survives(store: "embedded" | "postgres"): Promise<void> {
  const lines: string[] = [];
  const { audit, troubles, acknowledgedCount } = await runFaultCampaign({
    store,
    rounds: ROUNDS[store],
    seed: 2,
    clients: 3,
    onRound: (line) => lines.push(line),
  });
  expect(troubles, lines.join("\n")).toEqual([]);
  expect(audit).toMatchObject({ lost: [], twice: [], infeasible: [], contradictions: [] });
  expect(acknowledgedCount).toBeGreaterThan(ROUNDS[store]);
}
