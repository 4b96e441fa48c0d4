/** The first key: from a file, or made into one, because making a key over the API needs a key. */
import { readFile, writeFile } from "node:fs/promises";
import { InvalidInput } from "../../catalog/input-problem.ts";
import type { ApiKeyGrant, ApiKeyStore } from "./api-key.ts";
import { generateApiKey, parseApiKey, recordOfKey, verifyApiKey } from "./api-key.ts";

/** What became of the file; its path and the key's id may be printed, the key may not. */
export type BootstrapKey =
  | { readonly kind: "made"; readonly id: string }
  | { readonly kind: "taken-in"; readonly id: string }
  | { readonly kind: "known"; readonly id: string }
  | { readonly kind: "revoked"; readonly id: string };

/** Only the service's own user may read the file that it makes. */
const OWNER_ONLY = 0o600;

/**
 * Makes sure that the store has the key of a file, with all scopes and clusters; where the file is absent, a key is made into it. A
 * key that was revoked stays so. Throws InvalidInput when the file cannot be read or written, holds no key, or one whose id another has.
 */
export async function ensureBootstrapKey(
  path: string,
  keys: ApiKeyStore,
  nowSeconds: number,
): Promise<BootstrapKey> {
  const grant: ApiKeyGrant = {
    name: "bootstrap",
    scopes: ["admin"],
    clusters: "*",
    createdAtSeconds: nowSeconds,
    expiresAtSeconds: null,
  };
  const text = await keyInFile(path);
  if (text === null) {
    const made = generateApiKey(grant);
    await writeKey(path, made.text);
    await keys.insert(made.record);
    return { kind: "made", id: made.record.id };
  }
  const parsed = parseApiKey(text);
  if (parsed.kind === "malformed") throw unusable(path, `it holds no API key: ${parsed.reason}`);
  const { id } = parsed;
  const record = await keys.find(id);
  if (record === undefined) {
    await keys.insert(recordOfKey(text, grant));
    return { kind: "taken-in", id };
  }
  switch (verifyApiKey(text, record, nowSeconds).kind) {
    case "valid":
      return { kind: "known", id };
    case "revoked":
    case "expired":
      return { kind: "revoked", id };
    case "wrong":
      throw unusable(path, `another key has its id ${id}`);
  }
}

async function keyInFile(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw unusable(path, `it cannot be read (${messageOf(error)})`);
  }
}

async function writeKey(path: string, text: string): Promise<void> {
  try {
    // wx: a file that appeared meanwhile is never overwritten.
    await writeFile(path, `${text}\n`, { mode: OWNER_ONLY, flag: "wx" });
  } catch (error) {
    throw unusable(path, `it cannot be written (${messageOf(error)})`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function unusable(path: string, message: string): InvalidInput {
  return new InvalidInput("environment", [
    {
      path: "/BERTH_ADMIN_KEY_FILE",
      value: path,
      message,
      fix: "Name a file that holds one key, or a path that does not exist yet, where a key is made.",
    },
  ]);
}
