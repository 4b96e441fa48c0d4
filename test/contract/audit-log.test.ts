/** What every AuditLog must do; a new implementation adds a line to IMPLEMENTATIONS. */
import { describe, expect, it } from "vitest";
import type { AuditEntry, AuditLog } from "../../src/service/security/audit.ts";
import { memoryAuditLog } from "../service/security/memory-stores.ts";

const IMPLEMENTATIONS: readonly (readonly [string, () => Promise<AuditLog>])[] = [
  ["memory", () => Promise.resolve(memoryAuditLog())],
];

const entry = (atSeconds: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  atSeconds,
  principalId: "alice",
  principalKind: "jwt",
  requestId: "5f0e8cbb-8d4e-4a39-9a55-8b1b0e1b6b1a",
  clusterId: "berlin",
  action: "DELETE /v1/jobs/:jobId",
  target: "/v1/jobs/JJ1",
  outcome: "done",
  status: 200,
  sourceAddress: "2001:db8::1",
  ...more,
});

describe.each(IMPLEMENTATIONS)("the audit log in %s", (_name, makeLog) => {
  it("gives back what was appended, the newest first", async () => {
    const log = await makeLog();
    const entries = [
      entry(1.5),
      entry(2, { principalId: null, principalKind: null, clusterId: null, outcome: "refused", status: 401 }),
      entry(2, { outcome: "hung-up" }),
    ];
    for (const one of entries) await log.append(one);
    expect(await log.list({ limit: 10 })).toEqual(entries.toReversed());
    expect(await log.list({ limit: 2 })).toEqual(entries.toReversed().slice(0, 2));
  });

  it("finds entries by cluster, principal and time", async () => {
    const log = await makeLog();
    for (const at of [1, 2, 3, 4]) {
      await log.append(
        entry(at, { clusterId: at % 2 === 0 ? "oslo" : "berlin", principalId: at < 3 ? "alice" : "bob" }),
      );
    }
    const times = async (query: Partial<Parameters<AuditLog["list"]>[0]>): Promise<readonly number[]> =>
      (await log.list({ limit: 10, ...query })).map(({ atSeconds }) => atSeconds);
    expect(await times({ clusterId: "oslo" })).toEqual([4, 2]);
    expect(await times({ principalId: "bob" })).toEqual([4, 3]);
    expect(await times({ fromSeconds: 2, untilSeconds: 4 })).toEqual([3, 2]);
    expect(await times({ clusterId: "oslo", principalId: "alice", fromSeconds: 2 })).toEqual([2]);
    expect(await times({ clusterId: "paris" })).toEqual([]);
  });

  it("takes entries that are appended at the same time", async () => {
    const log = await makeLog();
    await Promise.all(Array.from({ length: 20 }, (_, index) => log.append(entry(index))));
    expect(await log.list({ limit: 100 })).toHaveLength(20);
  });
});
