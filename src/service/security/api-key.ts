/**
 * API keys: `berth_<id>_<secret><checksum>`.
 *
 *   id        16 hexadecimal digits, public: it names the key in lists, logs and the audit log
 *   secret    256 random bits as 43 characters of base64url
 *   checksum  the first 32 bits of SHA-256 over all that comes before it, as 6 characters of base64url
 *
 * The prefix and the checksum let scanners for leaked secrets recognise a key without asking this service, and let the service tell a
 * typing error without asking its store.
 *
 * The store has the SHA-256 of the whole key and nothing to make a key from. A slow, salted hash (scrypt, argon2) protects secrets that
 * people choose, because those can be guessed; 256 random bits cannot, at any number of guesses a second, and a fast hash keeps
 * requests fast.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ClusterAccess, Scope } from "./principal.ts";

/** Recognises API keys in any text; for scanners of leaked secrets and for redaction.ts. */
export const API_KEY_PATTERN = /berth_[0-9a-f]{16}_[A-Za-z0-9_-]{49}/;

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const CHECKSUM_BYTES = 4;
const CHECKSUM_CHARACTERS = 6;

/** A key as the store has it: everything but the secret. */
export interface ApiKeyRecord {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** SHA-256 of the key's text, as 64 hexadecimal digits. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  readonly clusters: ClusterAccess;
  /** Times in seconds since the Unix epoch; null: not so. */
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number | null;
  readonly revokedAtSeconds: number | null;
  readonly lastUsedAtSeconds: number | null;
}

/** Where keys are kept. */
export interface ApiKeyStore {
  readonly find: (id: string) => Promise<ApiKeyRecord | undefined>;
  /** Rejects when the id is taken. */
  readonly insert: (record: ApiKeyRecord) => Promise<void>;
  /** All keys, revoked and expired ones too, by the time they were made. */
  readonly list: () => Promise<readonly ApiKeyRecord[]>;
  /** Whether there is such a key; one that is revoked already keeps its first time. */
  readonly revoke: (id: string, atSeconds: number) => Promise<boolean>;
  readonly touchLastUsed: (id: string, atSeconds: number) => Promise<void>;
}

/** What a new key may do, and until when. */
export interface ApiKeyGrant {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly clusters: ClusterAccess;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number | null;
}

/** A new key: `text` is shown once to whoever asked for it and kept nowhere; `record` goes into the store. */
export interface NewApiKey {
  readonly text: string;
  readonly record: ApiKeyRecord;
}

/** Whether a text is a key, as far as it says itself. */
export type ParsedApiKey =
  { readonly kind: "key"; readonly id: string } | { readonly kind: "malformed"; readonly reason: string };

/** Whether a key is good. "wrong" tells unknown ids and wrong secrets not apart. */
export type ApiKeyVerdict =
  | { readonly kind: "valid"; readonly record: ApiKeyRecord }
  | { readonly kind: "wrong" }
  | { readonly kind: "expired"; readonly atSeconds: number }
  | { readonly kind: "revoked"; readonly atSeconds: number };

/** Makes a key from the machine's randomness. */
export function generateApiKey(grant: ApiKeyGrant): NewApiKey {
  const id = randomBytes(ID_BYTES).toString("hex");
  const body = `berth_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  const text = `${body}${checksum(body)}`;
  return { text, record: recordOf(text, id, grant) };
}

/** The record of a key whose text is known, as of one from a file; throws when the text is no key. */
export function recordOfKey(text: string, grant: ApiKeyGrant): ApiKeyRecord {
  const parsed = parseApiKey(text);
  if (parsed.kind === "malformed") throw new Error(`No API key: ${parsed.reason}`);
  return recordOf(text, parsed.id, grant);
}

/** Takes a key apart and checks its checksum. */
export function parseApiKey(text: string): ParsedApiKey {
  if (!new RegExp(`^${API_KEY_PATTERN.source}$`).test(text)) {
    return { kind: "malformed", reason: "a key is berth_, 16 hexadecimal digits, _ and 49 characters" };
  }
  const body = text.slice(0, -CHECKSUM_CHARACTERS);
  if (checksum(body) !== text.slice(-CHECKSUM_CHARACTERS)) {
    return { kind: "malformed", reason: "its checksum is wrong, so a character is missing or mistyped" };
  }
  return { kind: "key", id: text.split("_")[1] ?? "" };
}

/** The hash that the store keeps of a key's text. */
export const hashOfKey = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Stands in for the hash of an unknown key, so that its check takes as long as another's; no text has this hash. */
const NO_HASH = "0".repeat(64);

/** Checks a key's text against its record, comparing in constant time; tells expiry and revocation only to who has the secret. */
export function verifyApiKey(
  text: string,
  record: ApiKeyRecord | undefined,
  nowSeconds: number,
): ApiKeyVerdict {
  const isSame = timingSafeEqual(
    Buffer.from(hashOfKey(text), "hex"),
    Buffer.from(record?.hash ?? NO_HASH, "hex"),
  );
  if (record === undefined || !isSame) return { kind: "wrong" };
  const { revokedAtSeconds, expiresAtSeconds } = record;
  if (revokedAtSeconds !== null) return { kind: "revoked", atSeconds: revokedAtSeconds };
  if (expiresAtSeconds !== null && expiresAtSeconds <= nowSeconds) {
    return { kind: "expired", atSeconds: expiresAtSeconds };
  }
  return { kind: "valid", record };
}

function recordOf(text: string, id: string, grant: ApiKeyGrant): ApiKeyRecord {
  return { ...grant, id, hash: hashOfKey(text), revokedAtSeconds: null, lastUsedAtSeconds: null };
}

const checksum = (body: string): string =>
  createHash("sha256").update(body).digest().subarray(0, CHECKSUM_BYTES).toString("base64url");
