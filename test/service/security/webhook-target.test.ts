import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type {
  ResolvedAddress,
  WebhookOutcome,
  WebhookRules,
} from "../../../src/service/security/webhook-target.ts";
import { checkWebhookTarget, postWebhook } from "../../../src/service/security/webhook-target.ts";
import type { LocalServer } from "./local-server.ts";
import { serve } from "./local-server.ts";

const LOOPBACK = { kind: "network", cidr: "127.0.0.0/8" } as const;

/** Resolves names as told, and notes what was asked. */
function resolving(table: Readonly<Record<string, readonly string[]>>, asked: string[] = []): WebhookRules {
  return {
    allow: [],
    resolve: (name): Promise<readonly ResolvedAddress[]> => {
      asked.push(name);
      const addresses = table[name];
      return addresses === undefined
        ? Promise.reject(new Error("ENOTFOUND"))
        : Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
    },
  };
}

const outside = resolving({ "hooks.example.org": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"] });

describe("a webhook's URL", () => {
  it("may lead to public addresses", async () => {
    for (const url of [
      "https://hooks.example.org/a?b=c",
      "http://hooks.example.org:8080/",
      "https://8.8.8.8/",
    ]) {
      expect((await checkWebhookTarget(url, outside)).kind).toBe("allowed");
    }
  });

  it.each([
    ["ftp://hooks.example.org/", "scheme is ftp"],
    ["file:///etc/passwd", "scheme is file"],
    ["javascript:alert(1)", "scheme is javascript"],
    ["hooks.example.org/x", "no URL"],
    ["", "no URL"],
    ["https://user:pw@hooks.example.org/", "name or password"],
    ["https://user@hooks.example.org/", "name or password"],
    ["https://hooks.example.org:5432/", "port is 5432"],
    ["http://hooks.example.org:22/", "port is 22"],
    [`https://hooks.example.org/${"x".repeat(2048)}`, "characters"],
    ["http://127.0.0.1/", "loopback"],
    ["http://2130706433/", "loopback"],
    ["http://0x7f000001/", "loopback"],
    ["http://0177.0.0.1/", "loopback"],
    ["http://0x7f.1/", "loopback"],
    ["http://127.1/", "loopback"],
    ["http://127.0.0.1./", "loopback"],
    ["http://１２７.0.0.1/", "loopback"],
    ["http://0/", "unspecified"],
    ["http://[::1]/", "loopback"],
    ["http://[::]/", "unspecified"],
    ["http://[::ffff:127.0.0.1]/", "IPv4 address written as IPv6"],
    ["http://[::ffff:7f00:1]/", "IPv4 address written as IPv6"],
    ["http://[64:ff9b::127.0.0.1]/", "NAT64"],
    ["http://[fe80::1]/", "link-local"],
    ["http://169.254.169.254/latest/meta-data/", "link-local"],
    ["http://3232235777/", "private"],
  ])("%s is refused: %s", async (url, reason) => {
    const verdict = await checkWebhookTarget(url, outside);
    expect(verdict).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) as string });
    // What is refused when it is registered is refused when it is sent to.
    const outcome = await postWebhook({ url, headers: {}, body: "{}", timeoutSeconds: 5 }, outside);
    expect(outcome).toEqual(verdict);
  });

  it("is refused for one inner address among those of its host", async () => {
    const rules = resolving({
      "two.example.org": ["93.184.216.34", "10.0.0.5"],
      "localhost.": ["127.0.0.1"],
    });
    expect(await checkWebhookTarget("https://two.example.org/", rules)).toMatchObject({
      kind: "refused",
      reason: "two.example.org resolves to 10.0.0.5: 10.0.0.5 is a private address",
    });
    expect((await checkWebhookTarget("https://localhost./", rules)).kind).toBe("refused");
    expect(await checkWebhookTarget("https://gone.example.org/", rules)).toMatchObject({
      kind: "unresolved",
    });
  });

  it("may lead inside, to any port, where the configuration says so", async () => {
    const rules = resolving({ "inner.example.org": ["10.1.2.3"] });
    const byName = { ...rules, allow: [{ kind: "host", name: "inner.example.org" }] } as const;
    expect((await checkWebhookTarget("http://INNER.example.org:9999/", byName)).kind).toBe("allowed");
    const byNetwork = { ...rules, allow: [{ kind: "network", cidr: "10.1.0.0/16" }] } as const;
    expect((await checkWebhookTarget("http://inner.example.org/", byNetwork)).kind).toBe("allowed");
    expect((await checkWebhookTarget("http://10.1.9.9:9999/", byNetwork)).kind).toBe("allowed");
    expect((await checkWebhookTarget("http://10.2.9.9/", byNetwork)).kind).toBe("refused");
  });
});

describe("a delivery", () => {
  let receiver: LocalServer;
  let received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  let answer: { readonly status: number; readonly headers: Record<string, string>; readonly body?: string } =
    {
      status: 204,
      headers: {},
    };
  beforeAll(async () => {
    receiver = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        received.push({ headers: request.headers, body });
        if (request.url === "/silent") return;
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  });
  afterAll(() => receiver.close());
  beforeEach(() => {
    received = [];
    answer = { status: 204, headers: {} };
  });
  const deliver = (url: string, rules: WebhookRules): Promise<WebhookOutcome> =>
    postWebhook({ url, headers: { "webhook-id": "e1" }, body: '{"a":"ü"}', timeoutSeconds: 30 }, rules);

  it("arrives with its headers and body, at the address that was checked", async () => {
    const asked: string[] = [];
    const rules = {
      ...resolving({ "hooks.test": ["127.0.0.1"] }, asked),
      allow: [{ kind: "host", name: "hooks.test" }],
    } as const;
    expect(await deliver(`http://hooks.test:${receiver.port}/in`, rules)).toEqual({
      kind: "answered",
      status: 204,
      retryAfter: null,
    });
    expect(received).toMatchObject([
      {
        body: '{"a":"ü"}',
        headers: { "webhook-id": "e1", "content-type": "application/json", "content-length": "10" },
      },
    ]);
    // One look-up: the connection has no other.
    expect(asked).toEqual(["hooks.test"]);
  });

  it("does not reach a name that resolves inwards only when it is sent to (DNS rebinding)", async () => {
    let count = 0;
    const rules: WebhookRules = {
      allow: [],
      resolve: () => {
        count += 1;
        return Promise.resolve([{ address: count === 1 ? "93.184.216.34" : "127.0.0.1", family: 4 }]);
      },
    };
    const url = "http://rebind.test:8080/";
    expect((await checkWebhookTarget(url, rules)).kind).toBe("allowed");
    expect(await deliver(url, rules)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("rebind.test resolves to 127.0.0.1") as string,
    });
    expect(count).toBe(2);
  });

  it("follows no redirect", async () => {
    answer = { status: 302, headers: { location: `${receiver.url}/elsewhere` } };
    const rules = { allow: [LOOPBACK] };
    expect(await deliver(`${receiver.url}/in`, rules)).toMatchObject({ kind: "answered", status: 302 });
    expect(received).toHaveLength(1);
  });

  it("tells what it was answered, and reads no endless body", async () => {
    answer = { status: 503, headers: { "retry-after": "30" }, body: "x".repeat(5_000_000) };
    expect(await deliver(`${receiver.url}/in`, { allow: [LOOPBACK] })).toEqual({
      kind: "answered",
      status: 503,
      retryAfter: "30",
    });
  });

  it("is unreachable: nobody answers in time, nobody listens, no such name", async () => {
    const rules = { ...resolving({}), allow: [LOOPBACK] };
    const silent = await postWebhook(
      { url: `${receiver.url}/silent`, headers: {}, body: "{}", timeoutSeconds: 0.05 },
      rules,
    );
    expect(silent).toMatchObject({ kind: "unreachable" });
    const gone = await serve(() => undefined);
    await gone.close();
    expect(await deliver(`${gone.url}/`, rules)).toMatchObject({ kind: "unreachable" });
    expect(await deliver("https://no.such.test/", rules)).toMatchObject({
      kind: "unreachable",
      reason: "ENOTFOUND",
    });
  });
});
