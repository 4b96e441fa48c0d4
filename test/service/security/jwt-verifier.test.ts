import type { CryptoKey, JWTPayload } from "jose";
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JwksFetching, JwtVerifier } from "../../../src/service/security/jwt-verifier.ts";
import { jwtVerifier, looksLikeJwt } from "../../../src/service/security/jwt-verifier.ts";
import type { LocalServer } from "./local-server.ts";
import { serve } from "./local-server.ts";

const NOW = Math.floor(Date.UTC(2026, 10, 20) / 1000);
const ISSUER = "https://login.example.org/";
const AUDIENCE = "berth";

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: object;
}

const makeKey = async (kid: string): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" } };
};

let provider: LocalServer;
let published: readonly SigningKey[] = [];
let status = 200;
let fetchCount = 0;
let first: SigningKey;
let second: SigningKey;
let nowSeconds = NOW;

beforeAll(async () => {
  [first, second] = await Promise.all([makeKey("first"), makeKey("second")]);
  provider = await serve((_request, response) => {
    fetchCount += 1;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: published.map(({ jwk }) => jwk) }));
  });
});
afterAll(() => provider.close());
beforeEach(() => {
  published = [first];
  status = 200;
  fetchCount = 0;
  nowSeconds = NOW;
});

const verifier = (fetching: JwksFetching = {}): JwtVerifier =>
  jwtVerifier(
    { jwksUrl: `${provider.url}/jwks.json`, issuer: ISSUER, audience: AUDIENCE },
    () => nowSeconds,
    fetching,
  );

/** A token's claims; undefined ones are left out of it. */
const claims = (more: Readonly<Record<string, unknown>> = {}): JWTPayload => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "alice",
  exp: NOW + 300,
  scope: "openid submit plan",
  berth_clusters: ["berlin", "oslo"],
  ...more,
});

const sign = (payload: JWTPayload, key: SigningKey = first): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: key.kid }).sign(key.privateKey);

describe("a token", () => {
  it("makes a principal of its claims", async () => {
    const token = await sign(claims());
    expect(looksLikeJwt(token)).toBe(true);
    expect(await verifier().verify(token)).toEqual({
      kind: "valid",
      principal: { id: "alice", kind: "jwt", scopes: ["submit", "plan"], clusters: ["berlin", "oslo"] },
    });
  });

  it("grants nothing that it does not name", async () => {
    const bare = await sign({ iss: ISSUER, aud: AUDIENCE, sub: "bob", exp: NOW + 300 });
    expect(await verifier().verify(bare)).toMatchObject({ principal: { scopes: [], clusters: [] } });
    const all = await sign(claims({ scope: "superadmin Admin submit:all", berth_clusters: "*" }));
    expect(await verifier().verify(all)).toMatchObject({ principal: { scopes: [], clusters: "*" } });
  });

  it("may come from a clock that differs by 30 s", async () => {
    const token = await sign(claims({ exp: NOW + 100, nbf: NOW }));
    const one = verifier();
    for (const [seconds, kind] of [
      [NOW - 31, "invalid"],
      [NOW - 29, "valid"],
      [NOW + 129, "valid"],
      [NOW + 131, "invalid"],
    ] as const) {
      nowSeconds = seconds;
      expect((await one.verify(token)).kind).toBe(kind);
    }
  });

  it.each([
    ["expired", { exp: NOW - 60 }, /exp/],
    ["for another audience", { aud: "harbour" }, /aud/],
    ["of another issuer", { iss: "https://evil.example.org/" }, /iss/],
    ["without an end", { exp: undefined }, /exp/],
    ["of nobody", { sub: undefined }, /sub/],
    ["with an empty subject", { sub: "" }, /sub/],
    ["with a subject beyond all measure", { sub: "x".repeat(256) }, /sub/],
    ["with clusters that are no list", { berth_clusters: "berlin" }, /berth_clusters/],
    ["with scopes that are no text", { scope: ["admin"] }, /scope/],
  ])("is refused: %s", async (_what, more, reason) => {
    const token = await sign(claims(more));
    expect(await verifier().verify(token)).toMatchObject({
      kind: "invalid",
      reason: expect.stringMatching(reason) as string,
    });
  });

  it("is refused: not signed, signed with a shared secret, signed by another key, or changed", async () => {
    const unsigned = new UnsecuredJWT(claims()).encode();
    const shared = await new SignJWT(claims())
      .setProtectedHeader({ alg: "HS256", kid: "first" })
      .sign(new TextEncoder().encode(JSON.stringify(first.jwk)));
    const forged = await sign(claims(), { ...second, kid: "first" });
    const [header, , signature] = (await sign(claims())).split(".");
    const payload = Buffer.from(JSON.stringify(claims({ scope: "admin" }))).toString("base64url");
    const one = verifier();
    for (const token of [
      unsigned,
      shared,
      forged,
      `${header ?? ""}.${payload}.${signature ?? ""}`,
      "a.b.c",
    ]) {
      expect((await one.verify(token)).kind).toBe("invalid");
    }
  });
});

describe("the issuer's keys", () => {
  it("are fetched once for many tokens", async () => {
    const one = verifier();
    await Promise.all([sign(claims()), sign(claims()), sign(claims())].map(async (t) => one.verify(await t)));
    await one.verify(await sign(claims()));
    expect(fetchCount).toBe(1);
  });

  it("are fetched again for a key id that is unknown, so that a rotated key is good at once", async () => {
    const one = verifier({ cooldownSeconds: 0 });
    expect((await one.verify(await sign(claims()))).kind).toBe("valid");
    published = [second];
    expect((await one.verify(await sign(claims(), second))).kind).toBe("valid");
    // The old key is gone.
    expect((await one.verify(await sign(claims()))).kind).toBe("invalid");
  });

  it("are not fetched again by each token of an unknown key", async () => {
    const one = verifier();
    const unknown = await sign(claims(), second);
    for (let count = 0; count < 5; count += 1) expect((await one.verify(unknown)).kind).toBe("invalid");
    expect(fetchCount).toBe(1);
  });

  it("make no token wrong while they cannot be had: 503, and the provider is left alone for a while", async () => {
    const one = verifier();
    const token = await sign(claims());
    status = 500;
    for (let count = 0; count < 3; count += 1) {
      await expect(one.verify(token)).rejects.toMatchObject({
        kind: "not-ready",
        headers: { "Retry-After": "5" },
      });
    }
    expect(fetchCount).toBe(1);
    status = 200;
    nowSeconds += 5;
    expect((await one.verify(token)).kind).toBe("valid");
  });

  it("cannot be had from a server that is not there; the answer does not name it", async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    const one = jwtVerifier({ jwksUrl: gone.url, issuer: ISSUER, audience: AUDIENCE }, () => nowSeconds);
    const failure = one.verify(await sign(claims()));
    await expect(failure).rejects.toMatchObject({
      kind: "not-ready",
      cause: { message: expect.stringContaining(gone.url) as string },
    });
    await expect(failure).rejects.not.toThrow(gone.url);
  });
});
