import { describe, expect, it } from "vitest";
import {
  oldSecretsUntil,
  rotatedSecrets,
  signingSecrets,
} from "../../../src/service/security/webhook-secrets.ts";
import { isWebhookSecret } from "../../../src/service/security/webhook-signature.ts";

const first = { secret: "first", previousSecrets: [] };

describe("the secrets of a webhook", () => {
  it("are one until it is replaced", () => {
    expect(signingSecrets(first, 0)).toEqual(["first"]);
    expect(oldSecretsUntil(first, 0)).toBeNull();
  });

  it("are the new one and those before it until they end", () => {
    const second = rotatedSecrets(first, { nowSeconds: 1000, overlapSeconds: 100 });
    expect(isWebhookSecret(second.secret)).toBe(true);
    expect(signingSecrets(second, 1099)).toEqual([second.secret, "first"]);
    expect(oldSecretsUntil(second, 1099)).toBe(1100);
    expect(signingSecrets(second, 1100)).toEqual([second.secret]);
    expect(oldSecretsUntil(second, 1100)).toBeNull();
  });

  it("go on when one is replaced twice, none longer than the last overlap and than its own", () => {
    const second = rotatedSecrets(first, { nowSeconds: 1000, overlapSeconds: 100 });
    const longer = rotatedSecrets(second, { nowSeconds: 1050, overlapSeconds: 500 });
    expect(longer.previousSecrets).toEqual([
      { secret: second.secret, untilSeconds: 1550 },
      { secret: "first", untilSeconds: 1100 },
    ]);
    const shorter = rotatedSecrets(second, { nowSeconds: 1050, overlapSeconds: 20 });
    expect(shorter.previousSecrets.map(({ untilSeconds }) => untilSeconds)).toEqual([1070, 1070]);
    expect(rotatedSecrets(second, { nowSeconds: 1050, overlapSeconds: 0 }).previousSecrets).toEqual([]);
    // What is over is not kept.
    expect(rotatedSecrets(second, { nowSeconds: 1100, overlapSeconds: 9 }).previousSecrets).toEqual([
      { secret: second.secret, untilSeconds: 1109 },
    ]);
  });
});
