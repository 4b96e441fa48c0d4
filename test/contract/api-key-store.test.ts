/** What every ApiKeyStore must do; a new implementation adds a line to IMPLEMENTATIONS. */
import { describe, expect, it } from "vitest";
import type { ApiKeyRecord, ApiKeyStore } from "../../src/service/security/api-key.ts";
import { generateApiKey } from "../../src/service/security/api-key.ts";
import { memoryKeys } from "../service/security/memory-stores.ts";

const IMPLEMENTATIONS: readonly (readonly [string, () => Promise<ApiKeyStore>])[] = [
  ["memory", () => Promise.resolve(memoryKeys())],
];

const record = (createdAtSeconds: number, more: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  ...generateApiKey({
    name: "CI, Berlin",
    scopes: ["submit"],
    clusters: ["b"],
    createdAtSeconds,
    expiresAtSeconds: null,
  }).record,
  ...more,
});

describe.each(IMPLEMENTATIONS)("the key store in %s", (_name, makeStore) => {
  it("gives back what was put in, by id and all by the time they were made", async () => {
    const store = await makeStore();
    const late = record(20.5, { scopes: ["admin", "plan"], clusters: "*", expiresAtSeconds: 99.25 });
    const early = record(10, { clusters: [] });
    await store.insert(late);
    await store.insert(early);
    expect(await store.find(late.id)).toEqual(late);
    expect(await store.find(early.id)).toEqual(early);
    expect(await store.find("0000000000000000")).toBeUndefined();
    expect(await store.list()).toEqual([early, late]);
  });

  it("takes an id once", async () => {
    const store = await makeStore();
    const first = record(1);
    await store.insert(first);
    await expect(store.insert(record(2, { id: first.id }))).rejects.toThrow();
    expect(await store.find(first.id)).toEqual(first);
  });

  it("revokes a key for good, and keeps it", async () => {
    const store = await makeStore();
    const key = record(1);
    await store.insert(key);
    expect(await store.revoke(key.id, 5.5)).toBe(true);
    expect(await store.revoke(key.id, 7)).toBe(true);
    expect(await store.find(key.id)).toEqual({ ...key, revokedAtSeconds: 5.5 });
    expect(await store.revoke("0000000000000000", 7)).toBe(false);
    expect(await store.list()).toHaveLength(1);
  });

  it("notes when a key was used last", async () => {
    const store = await makeStore();
    const key = record(1);
    await store.insert(key);
    await store.touchLastUsed(key.id, 3.25);
    expect(await store.find(key.id)).toEqual({ ...key, lastUsedAtSeconds: 3.25 });
  });
});
