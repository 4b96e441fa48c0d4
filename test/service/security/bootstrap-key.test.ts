import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/catalog/input-problem.ts";
import { generateApiKey, verifyApiKey } from "../../../src/service/security/api-key.ts";
import { ensureBootstrapKey } from "../../../src/service/security/bootstrap-key.ts";
import { memoryKeys } from "./memory-stores.ts";

const NOW = 1_800_000_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-key-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the first key", () => {
  it("is made into a file that only its owner may read, once", async () => {
    const path = join(folder, "new.key");
    const keys = memoryKeys();
    const made = await ensureBootstrapKey(path, keys, NOW);
    const text = (await readFile(path, "utf8")).trim();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(made).toEqual({ kind: "made", id: text.split("_")[1] });
    const [record] = await keys.list();
    expect(record).toMatchObject({
      name: "bootstrap",
      scopes: ["admin"],
      clusters: "*",
      createdAtSeconds: NOW,
    });
    expect(verifyApiKey(text, record, NOW).kind).toBe("valid");
    expect(await ensureBootstrapKey(path, keys, NOW + 1)).toEqual({ kind: "known", id: made.id });
    expect(await keys.list()).toHaveLength(1);
    // A new store takes the key in again; one where it was revoked does not bring it back.
    expect((await ensureBootstrapKey(path, memoryKeys(), NOW)).kind).toBe("taken-in");
    await keys.revoke(made.id, NOW);
    expect((await ensureBootstrapKey(path, keys, NOW)).kind).toBe("revoked");
  });

  it("is not made where it cannot be, and not taken from a file that holds none; the text is not repeated", async () => {
    const failure = ensureBootstrapKey(join(folder, "absent", "a.key"), memoryKeys(), NOW);
    await expect(failure).rejects.toThrow(InvalidInput);
    await expect(failure).rejects.toThrow("BERTH_ADMIN_KEY_FILE");
    await expect(ensureBootstrapKey(folder, memoryKeys(), NOW)).rejects.toThrow("cannot be read");
    const path = join(folder, "hunter2.txt");
    await writeFile(path, "correct horse battery staple");
    const wrong = ensureBootstrapKey(path, memoryKeys(), NOW);
    await expect(wrong).rejects.toThrow("it holds no API key");
    await expect(wrong).rejects.not.toThrow("battery");
  });

  it("is not taken in where another key has its id", async () => {
    const grant = {
      name: "a",
      scopes: ["admin"],
      clusters: "*",
      createdAtSeconds: NOW,
      expiresAtSeconds: null,
    } as const;
    const mine = generateApiKey(grant);
    const path = join(folder, "other.key");
    await writeFile(path, mine.text);
    const keys = memoryKeys({ ...generateApiKey(grant).record, id: mine.record.id });
    await expect(ensureBootstrapKey(path, keys, NOW)).rejects.toThrow("another key has its id");
  });
});
