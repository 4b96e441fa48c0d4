import { request } from "node:http";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/catalog/input-problem.ts";
import type { AnonymousAccess } from "../../../src/service/security/anonymous-access.ts";
import {
  NO_ANONYMOUS_ACCESS,
  anonymousAccess,
  anonymousUntilFirstKey,
  requireSecureBinding,
} from "../../../src/service/security/anonymous-access.ts";
import type { ApiKeyStore, NewApiKey } from "../../../src/service/security/api-key.ts";
import { generateApiKey } from "../../../src/service/security/api-key.ts";
import { authenticate } from "../../../src/service/security/authenticate.ts";
import { authorize } from "../../../src/service/security/authorize.ts";
import { FailedAttempts } from "../../../src/service/security/failed-attempts.ts";
import type { JwtVerifier } from "../../../src/service/security/jwt-verifier.ts";
import type { ClusterAccess, Scope } from "../../../src/service/security/principal.ts";
import { hasScope, mayTouch, principalOf } from "../../../src/service/security/principal.ts";
import { RequestProblem } from "../../../src/service/problem-details.ts";
import type { Answer } from "../contract-server.ts";
import { fetchAnswer } from "../contract-server.ts";
import type { LocalServer } from "./local-server.ts";
import { serveApp } from "./local-server.ts";
import { memoryKeys } from "./memory-stores.ts";

const NOW = 1_800_000_000;
let nowSeconds = NOW;
const servers: LocalServer[] = [];
afterEach(async () => {
  nowSeconds = NOW;
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const makeKey = (
  scopes: readonly Scope[],
  clusters: ClusterAccess = "*",
  endSeconds: number | null = null,
): NewApiKey =>
  generateApiKey({ name: "test", scopes, clusters, createdAtSeconds: NOW, expiresAtSeconds: endSeconds });

interface Setting {
  readonly keys: ApiKeyStore;
  readonly anonymous?: AnonymousAccess;
  readonly jwt?: JwtVerifier;
  readonly logLines?: string[];
}

async function guarded({ keys, anonymous, jwt, logLines = [] }: Setting): Promise<LocalServer> {
  const server = await serveApp((app) => {
    app.use(
      authenticate({
        keys,
        jwt: jwt ?? null,
        anonymous: anonymous ?? NO_ANONYMOUS_ACCESS,
        failures: new FailedAttempts({ mostFailures: 3, windowSeconds: 60 }),
        nowSeconds: () => nowSeconds,
        logger: pino({ level: "warn" }, { write: (line: string) => void logLines.push(line) }),
      }),
    );
    app.get("/healthz", (_request, response) => void response.json({ status: "ok" }));
    app.get("/docs/page", (_request, response) => void response.json({}));
    app.get("/v1/me", (_request, response) => void response.json(principalOf(response)));
    app.post("/v1/clusters/:clusterId/replan", authorize({ scope: "plan" }), (_request, response) => {
      response.json({});
    });
    app.get("/metrics", authorize({ scope: "submit", clusterOf: () => "*" }), (_request, response) => {
      response.json({});
    });
  });
  servers.push(server);
  return server;
}

const ask = (
  { url }: LocalServer,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> => fetchAnswer(`${url}${path}`, { method, headers });
const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });

describe("a request with a key", () => {
  it("is made by the key's principal", async () => {
    const key = makeKey(["submit"], ["berlin"]);
    const server = await guarded({ keys: memoryKeys(key.record) });
    const answer = await ask(server, "/v1/me", bearer(key.text));
    expect(answer).toMatchObject({
      status: 200,
      json: { id: key.record.id, kind: "api-key", scopes: ["submit"], clusters: ["berlin"] },
    });
    // The scheme's name is not case sensitive (RFC 9110).
    expect((await ask(server, "/v1/me", { authorization: `bearer ${key.text}` })).status).toBe(200);
  });

  it("leaves a mark on the key, at most each minute; a store that cannot do that stops nobody", async () => {
    const key = makeKey(["submit"]);
    const keys = memoryKeys(key.record);
    const server = await guarded({ keys });
    const usedAt = async (): Promise<unknown> => {
      await ask(server, "/v1/me", bearer(key.text));
      return (await keys.find(key.record.id))?.lastUsedAtSeconds;
    };
    expect(await usedAt()).toBe(NOW);
    nowSeconds = NOW + 59;
    expect(await usedAt()).toBe(NOW);
    nowSeconds = NOW + 60;
    expect(await usedAt()).toBe(NOW + 60);

    const logLines: string[] = [];
    const broken = await guarded({
      keys: { ...keys, touchLastUsed: () => Promise.reject(new Error("disk full")) },
      logLines,
    });
    nowSeconds = NOW + 200;
    expect((await ask(broken, "/v1/me", bearer(key.text))).status).toBe(200);
    expect(logLines.join()).toContain("disk full");
  });

  it("is refused with 401 when the key is unknown, changed, expired, revoked, or no key", async () => {
    const good = makeKey(["admin"]);
    const ended = makeKey(["admin"], "*", NOW);
    const revoked = makeKey(["admin"]);
    const keys = memoryKeys(good.record, ended.record, { ...revoked.record, revokedAtSeconds: NOW - 1 });
    const forged = makeKey(["admin"]).text;
    for (const [authorization, detail] of [
      [`Bearer ${forged}`, "No such API key"],
      [`Bearer ${good.text.slice(0, -1)}`, "This is no API key"],
      [`Bearer ${ended.text}`, "ended at 2027-01-15T08:00:00"],
      [`Bearer ${revoked.text}`, "was revoked"],
      [`Basic ${good.text}`, 'must be "Bearer"'],
      ["Bearer", 'must be "Bearer"'],
      ["Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "takes no JWTs"],
    ] as const) {
      const server = await guarded({ keys });
      const answer = await ask(server, "/v1/me", { authorization });
      expect(answer).toMatchObject({
        status: 401,
        json: {
          type: "urn:problem-type:berth:unauthorized",
          detail: expect.stringContaining(detail) as string,
        },
      });
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="berth", error="invalid_token"');
      expect(answer.text).not.toContain(good.text.slice(-20));
    }
  });

  it("is not looked up any more once its address has failed too often, until a minute has passed", async () => {
    const good = makeKey(["admin"]);
    const keys = memoryKeys(good.record);
    const server = await guarded({ keys });
    for (let count = 0; count < 3; count += 1) {
      expect((await ask(server, "/v1/me", bearer(makeKey(["admin"]).text))).status).toBe(401);
    }
    nowSeconds = NOW + 18;
    const throttled = await ask(server, "/v1/me", bearer(makeKey(["admin"]).text));
    expect(throttled).toMatchObject({
      status: 429,
      json: { type: "urn:problem-type:berth:too-many-requests" },
    });
    expect(throttled.headers.get("retry-after")).toBe("42");
    expect(keys.findCount()).toBe(3);
    nowSeconds = NOW + 60;
    expect((await ask(server, "/v1/me", bearer(good.text))).status).toBe(200);
  });
});

describe("a request with a JWT", () => {
  const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";
  it("is made by the token's principal, refused with its reason, or answered 503", async () => {
    const principal = { id: "alice", kind: "jwt", scopes: ["plan"], clusters: ["oslo"] } as const;
    const keys = memoryKeys();
    const good = await guarded({
      keys,
      jwt: { verify: () => Promise.resolve({ kind: "valid", principal }) },
    });
    expect(await ask(good, "/v1/me", bearer(token))).toMatchObject({ status: 200, json: principal });
    const bad = await guarded({
      keys,
      jwt: {
        verify: () => Promise.resolve({ kind: "invalid", reason: '"exp" claim timestamp check failed' }),
      },
    });
    expect(await ask(bad, "/v1/me", bearer(token))).toMatchObject({
      status: 401,
      json: { detail: expect.stringContaining("exp") as string },
    });
    const logLines: string[] = [];
    const problem = new RequestProblem("not-ready", "later");
    problem.cause = new Error("no route to the provider");
    const away = await guarded({ keys, logLines, jwt: { verify: () => Promise.reject(problem) } });
    expect((await ask(away, "/v1/me", bearer(token))).status).toBe(503);
    expect(logLines.join()).toContain("no route to the provider");
  });
});

describe("a request without credentials", () => {
  const onLoopback = async (keys: ApiKeyStore): Promise<LocalServer> =>
    guarded({ keys, anonymous: anonymousUntilFirstKey(keys, () => nowSeconds) });

  it("gets 401 without an error code, but the health check and the documentation", async () => {
    const server = await guarded({ keys: memoryKeys() });
    const answer = await ask(server, "/v1/me");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="berth"');
    for (const path of ["/healthz", "/docs/page"]) expect((await ask(server, path)).status).toBe(200);
    // Not open: what only begins like an open path.
    for (const path of ["/healthz/x", "/docsx", "/HEALTHZ", "/"]) {
      expect((await ask(server, path)).status).toBe(401);
    }
  });

  it("does not get throttled: it guesses nothing", async () => {
    const server = await guarded({ keys: memoryKeys() });
    for (let count = 0; count < 5; count += 1) expect((await ask(server, "/v1/me")).status).toBe(401);
  });

  it("may do everything on this machine, as long as there is no key", async () => {
    const keys = memoryKeys();
    const server = await onLoopback(keys);
    expect(await ask(server, "/v1/me")).toMatchObject({
      status: 200,
      json: { id: "anonymous-loopback", kind: "anonymous-loopback", scopes: ["admin"], clusters: "*" },
    });
    const key = makeKey(["submit"]);
    await keys.insert(key.record);
    nowSeconds += 1;
    expect((await ask(server, "/v1/me")).status).toBe(401);
    // Revoking the last key does not open the service, neither now nor after a restart.
    await keys.revoke(key.record.id, nowSeconds);
    nowSeconds += 10;
    expect((await ask(server, "/v1/me")).status).toBe(401);
    expect((await ask(await onLoopback(keys), "/v1/me")).status).toBe(401);
  });

  it.each([
    [{ "x-forwarded-for": "203.0.113.7" }, "through a proxy"],
    [{ forwarded: "for=203.0.113.7" }, "through a proxy"],
    [{ origin: "https://evil.example.org" }, "a web page from elsewhere"],
    [{ origin: "null" }, "a web page from elsewhere"],
    [{ "sec-fetch-site": "cross-site" }, "a web page from elsewhere"],
  ])("is not taken for this machine's user with %j", async (headers, reason) => {
    const server = await onLoopback(memoryKeys());
    expect(await ask(server, "/v1/me", headers)).toMatchObject({
      status: 401,
      json: { detail: expect.stringContaining(reason) as string },
    });
  });

  it("is not taken for this machine's user when it is for another host (DNS rebinding)", async () => {
    const server = await onLoopback(memoryKeys());
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request({ port: server.port, host: "127.0.0.1", path: "/v1/me", headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await statusFor("evil.example.org")).toBe(401);
    expect(await statusFor("127.0.0.1.evil.example.org:80")).toBe(401);
    expect(await statusFor("localhost:8080")).toBe(200);
    expect(await statusFor("[::1]:8080")).toBe(200);
  });
});

describe("scopes and clusters", () => {
  it("include one another upwards", () => {
    expect(hasScope({ scopes: ["plan"] }, "submit")).toBe(true);
    expect(hasScope({ scopes: ["plan"] }, "admin")).toBe(false);
    expect(hasScope({ scopes: [] }, "submit")).toBe(false);
    expect(mayTouch({ clusters: "*" }, "*")).toBe(true);
    expect(mayTouch({ clusters: ["*"] }, "*")).toBe(false);
    expect(mayTouch({ clusters: ["berlin"] }, "oslo")).toBe(false);
  });

  it("are named by the 403 for whoever lacks them", async () => {
    const submitter = makeKey(["submit"], ["berlin"]);
    const planner = makeKey(["plan"], ["berlin"]);
    const server = await guarded({ keys: memoryKeys(submitter.record, planner.record) });
    const replan = (cluster: string, key: NewApiKey): Promise<Answer> =>
      ask(server, `/v1/clusters/${cluster}/replan`, bearer(key.text), "POST");
    expect((await replan("berlin", planner)).status).toBe(200);
    const noScope = await replan("berlin", submitter);
    expect(noScope).toMatchObject({
      status: 403,
      json: {
        type: "urn:problem-type:berth:forbidden",
        detail: expect.stringContaining("the scope plan") as string,
      },
    });
    expect(noScope.headers.get("www-authenticate")).toContain('error="insufficient_scope", scope="plan"');
    expect(await replan("oslo", planner)).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining('the cluster "oslo"') as string },
    });
    expect(await ask(server, "/metrics", bearer(planner.text))).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining("all clusters") as string },
    });
  });
});

describe("an address to listen on", () => {
  it("opens a service without keys only if it is the loopback address, and no JWTs are taken", async () => {
    const openFor = (host: string, takesJwts: boolean): Promise<boolean> =>
      anonymousAccess({ host, takesJwts, keys: memoryKeys(), nowSeconds: () => NOW }).isOpen();
    expect(await openFor("127.0.0.1", false)).toBe(true);
    expect(await openFor("127.0.0.1", true)).toBe(false);
    expect(await openFor("0.0.0.0", false)).toBe(false);
  });

  it.each(["127.0.0.1", "127.8.8.8", "::1", "localhost", "[::1]"])("%s needs no key", (host) => {
    requireSecureBinding({ host, hasCredentials: false });
  });
  it.each(["0.0.0.0", "::", "192.168.1.4", "berth.example.org", "::ffff:10.0.0.1"])(
    "%s needs one",
    (host) => {
      requireSecureBinding({ host, hasCredentials: true });
      const start = (): void => {
        requireSecureBinding({ host, hasCredentials: false });
      };
      expect(start).toThrow(InvalidInput);
      expect(start).toThrow(/BERTH_HOST.*BERTH_ADMIN_KEY_FILE/s);
    },
  );
});

describe("failed attempts", () => {
  it("are forgotten for the address that failed longest ago, when there are too many", () => {
    const failures = new FailedAttempts({ mostFailures: 1, windowSeconds: 60 });
    for (let index = 0; index <= 10_000; index += 1) failures.note(`address ${index}`, NOW);
    expect(failures.waitSeconds("address 0", NOW)).toBe(0);
    expect(failures.waitSeconds("address 1", NOW)).toBe(60);
    expect(failures.waitSeconds("address 10000", NOW + 59)).toBe(1);
  });
});
