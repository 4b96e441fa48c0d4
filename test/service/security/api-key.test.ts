import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApiKeyGrant } from "../../../src/service/security/api-key.ts";
import {
  API_KEY_PATTERN,
  generateApiKey,
  hashOfKey,
  parseApiKey,
  recordOfKey,
  verifyApiKey,
} from "../../../src/service/security/api-key.ts";

const NOW = 1_800_000_000;
const grant: ApiKeyGrant = {
  name: "CI",
  scopes: ["submit"],
  clusters: ["berlin"],
  createdAtSeconds: NOW,
  expiresAtSeconds: null,
};

describe("a new key", () => {
  const { text, record } = generateApiKey(grant);

  it("says what it is, by prefix, length and checksum", () => {
    expect(text).toMatch(new RegExp(`^${API_KEY_PATTERN.source}$`));
    expect(parseApiKey(text)).toEqual({ kind: "key", id: record.id });
    expect(`leaked: KEY="${text}";`).toMatch(API_KEY_PATTERN);
  });

  it("has a record that holds nothing of its secret", () => {
    const secret = text.split("_").slice(2).join("_");
    expect(JSON.stringify(record)).not.toContain(secret.slice(0, 8));
    expect(record).toEqual({
      ...grant,
      id: record.id,
      hash: hashOfKey(text),
      revokedAtSeconds: null,
      lastUsedAtSeconds: null,
    });
    expect(record.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(recordOfKey(text, grant)).toEqual(record);
  });

  it("differs from every other", () => {
    const texts = Array.from({ length: 200 }, () => generateApiKey(grant).text);
    expect(new Set(texts.map((one) => one.slice(0, 22))).size).toBe(200);
    expect(new Set(texts.map((one) => one.slice(23))).size).toBe(200);
  });
});

describe("a key's check", () => {
  const { text, record } = generateApiKey(grant);

  it("is passed by the key itself, until it expires", () => {
    expect(verifyApiKey(text, record, NOW)).toEqual({ kind: "valid", record });
    const ending = { ...record, expiresAtSeconds: NOW + 10 };
    expect(verifyApiKey(text, ending, NOW + 9).kind).toBe("valid");
    expect(verifyApiKey(text, ending, NOW + 10)).toEqual({ kind: "expired", atSeconds: NOW + 10 });
  });

  it("tells a revoked key from an expired one, and tells neither to who has not the secret", () => {
    const revoked = { ...record, expiresAtSeconds: NOW, revokedAtSeconds: NOW - 5 };
    expect(verifyApiKey(text, revoked, NOW)).toEqual({ kind: "revoked", atSeconds: NOW - 5 });
    expect(verifyApiKey(generateApiKey(grant).text, revoked, NOW)).toEqual({ kind: "wrong" });
    expect(verifyApiKey(text, undefined, NOW)).toEqual({ kind: "wrong" });
  });

  it("finds every typing error without a store", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom(...Array.from("abcXYZ019-_")),
        (at, letter) => {
          const typed = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
          expect(parseApiKey(typed).kind).toBe(typed === text ? "key" : "malformed");
        },
      ),
    );
    for (const other of [
      "",
      "berth_",
      text.slice(0, -1),
      `${text}x`,
      ` ${text}`,
      `${text}\n`,
      text.toUpperCase(),
    ]) {
      expect(parseApiKey(other).kind).toBe("malformed");
    }
    expect(() => recordOfKey("berth_x", grant)).toThrow("No API key");
  });
});
