/** Ports of the security modules, kept in memory. */
import type { ApiKeyRecord, ApiKeyStore } from "../../../src/service/security/api-key.ts";
import type { AuditEntry, AuditLog } from "../../../src/service/security/audit.ts";

/** Keys in memory, and how often they were looked for. */
export interface MemoryKeys extends ApiKeyStore {
  readonly findCount: () => number;
}

export function memoryKeys(...records: readonly ApiKeyRecord[]): MemoryKeys {
  const byId = new Map(records.map((record) => [record.id, record]));
  let findCount = 0;
  const change = (id: string, more: Partial<ApiKeyRecord>): boolean => {
    const record = byId.get(id);
    if (record !== undefined) byId.set(id, { ...record, ...more });
    return record !== undefined;
  };
  return {
    findCount: () => findCount,
    find: (id) => {
      findCount += 1;
      return Promise.resolve(byId.get(id));
    },
    insert: (record) => {
      if (byId.has(record.id)) return Promise.reject(new Error(`the id ${record.id} is taken`));
      byId.set(record.id, record);
      return Promise.resolve();
    },
    list: () => Promise.resolve([...byId.values()].sort((a, b) => a.createdAtSeconds - b.createdAtSeconds)),
    revoke: (id, atSeconds) =>
      Promise.resolve(change(id, { revokedAtSeconds: byId.get(id)?.revokedAtSeconds ?? atSeconds })),
    touchLastUsed: (id, atSeconds) => {
      change(id, { lastUsedAtSeconds: atSeconds });
      return Promise.resolve();
    },
  };
}

export function memoryAuditLog(): AuditLog & { readonly entries: readonly AuditEntry[] } {
  const entries: AuditEntry[] = [];
  return {
    entries,
    append: (entry) => {
      entries.push(entry);
      return Promise.resolve();
    },
    list: ({ clusterId, principalId, fromSeconds, untilSeconds, limit }) =>
      Promise.resolve(
        entries
          .filter(
            (entry) =>
              (clusterId === undefined || entry.clusterId === clusterId) &&
              (principalId === undefined || entry.principalId === principalId) &&
              entry.atSeconds >= (fromSeconds ?? -Infinity) &&
              entry.atSeconds < (untilSeconds ?? Infinity),
          )
          .reverse()
          .slice(0, limit),
      ),
  };
}
