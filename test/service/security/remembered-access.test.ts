import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { anonymousUntilFirstKey } from "../../../src/service/security/anonymous-access.ts";
import type { ApiKeyStore } from "../../../src/service/security/api-key.ts";
import { generateApiKey } from "../../../src/service/security/api-key.ts";
import { FailedAttempts } from "../../../src/service/security/failed-attempts.ts";
import { rememberedAccess } from "../../../src/service/security/remembered-access.ts";
import { memoryKeys } from "./memory-stores.ts";

const key = (name: string) =>
  generateApiKey({
    name,
    scopes: ["submit"],
    clusters: "*",
    createdAtSeconds: 0,
    expiresAtSeconds: null,
  }).record;

/** A store of keys that can be away: "fails" as after a refused connection, "hangs" as behind a network that swallows. */
function setting(...records: readonly ReturnType<typeof key>[]) {
  const keys = memoryKeys(...records);
  let how: "answers" | "fails" | "hangs" = "answers";
  let nowSeconds = 1000;
  const through = <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (how === "fails") return Promise.reject(new Error("connection refused"));
    return how === "hangs" ? new Promise(() => undefined) : work();
  };
  const store: ApiKeyStore = {
    ...keys,
    find: (id) => through(() => keys.find(id)),
    list: () => through(() => keys.list()),
    touchLastUsed: (id, atSeconds) => through(() => keys.touchLastUsed(id, atSeconds)),
  };
  const access = rememberedAccess(
    {
      keys: store,
      jwt: null,
      anonymous: anonymousUntilFirstKey(store, () => nowSeconds),
      failures: new FailedAttempts(),
      nowSeconds: () => nowSeconds,
      logger: pino({ level: "silent" }),
    },
    0.02,
  );
  return {
    keys,
    access,
    become: (next: typeof how) => {
      how = next;
    },
    pass: (seconds: number) => {
      nowSeconds += seconds;
    },
  };
}

describe("access to the metrics while the store is away", () => {
  it.each(["fails", "hangs"] as const)(
    "is for keys that it knew shortly before, when it %s",
    async (trouble) => {
      const [known, unknown] = [key("known"), key("unknown")];
      const { access, become, pass } = setting(known, unknown);
      await access.keys.find(known.id);
      become(trouble);
      pass(899);
      expect(await access.keys.find(known.id)).toEqual(known);
      await expect(access.keys.find(unknown.id)).rejects.toThrow();
      await expect(access.keys.touchLastUsed(known.id, 1)).rejects.toThrow();
      pass(1);
      await expect(access.keys.find(known.id)).rejects.toThrow();
    },
  );

  it("is not for a key that was revoked or is gone when it answered last", async () => {
    const record = key("revoked");
    const { access, keys, become } = setting(record);
    await access.keys.find(record.id);
    await keys.revoke(record.id, 1000);
    expect((await access.keys.find(record.id))?.revokedAtSeconds).toBe(1000);
    become("fails");
    expect((await access.keys.find(record.id))?.revokedAtSeconds).toBe(1000);
    expect(await setting().access.keys.find(record.id)).toBeUndefined();
  });

  it("stays open or closed to whoever has no key", async () => {
    for (const [records, isOpen] of [
      [[], true],
      [[key("first")], false],
    ] as const) {
      const { access, become, pass } = setting(...records);
      expect(await access.anonymous.isOpen()).toBe(isOpen);
      become("fails");
      pass(100);
      expect(await access.anonymous.isOpen()).toBe(isOpen);
    }
    const { access, become } = setting();
    become("fails");
    await expect(access.anonymous.isOpen()).rejects.toThrow("connection refused");
  });
});
