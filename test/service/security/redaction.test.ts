import { pino } from "pino";
import type { Logger } from "pino";
import { pinoHttp } from "pino-http";
import { describe, expect, it } from "vitest";
import { generateApiKey } from "../../../src/service/security/api-key.ts";
import { loggerOptions, redactText } from "../../../src/service/security/redaction.ts";
import { makeWebhookSecret } from "../../../src/service/security/webhook-signature.ts";
import { serveApp } from "./local-server.ts";

const KEY = generateApiKey({
  name: "a",
  scopes: ["admin"],
  clusters: "*",
  createdAtSeconds: 0,
  expiresAtSeconds: null,
}).text;
const HOOK = makeWebhookSecret();
const JWT = ["eyJhbGciOiJFUzI1NiJ9", "eyJzdWIiOiJhbGljZSJ9", "c2lnbmF0dXJl"].join(".");
const PASSWORD = "hunter2@x/y";
const DATABASE = `postgresql://berth:${PASSWORD}@db.example.org:5432/berth?sslpassword=hunter3`;
const SECRETS = [KEY.slice(-30), HOOK.slice(-30), JWT.split(".")[2] ?? "", "hunter2", "x/y", "hunter3"];

function logged(write: (logger: Logger) => void): readonly string[] {
  const lines: string[] = [];
  write(pino(loggerOptions("info"), { write: (line: string) => void lines.push(line) }));
  return lines;
}

function expectNoSecret(lines: readonly string[]): void {
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    for (const secret of SECRETS) expect(line).not.toContain(secret);
    // What is left is still a log: one JSON object to a line.
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) as number });
  }
}

describe("the log", () => {
  it("has no secret of a field that is named after one", () => {
    const record = {
      authorization: KEY,
      password: PASSWORD,
      secret: HOOK,
      token: JWT,
      databaseUrl: DATABASE,
    };
    const lines = logged((logger) => {
      logger.info(record, "flat");
      logger.info({ headers: record, store: { connectionString: DATABASE } }, "nested");
      logger.child({ token: JWT }).info({ a: { b: { password: PASSWORD } } }, "deep");
    });
    expectNoSecret(lines);
    expect(lines[0]).toContain('"password":"[redacted]"');
  });

  it("has no secret within a text, wherever it stands", () => {
    const texts = [KEY, HOOK, JWT, DATABASE, `Bearer ${JWT}`, `key "${KEY}" and "${HOOK}"`];
    const lines = logged((logger) => {
      for (const text of texts) {
        logger.info(text);
        logger.info({ note: text, list: [text, { text }] }, `here: ${text}.`);
        logger.error({ err: new Error(`connect ${text} failed`, { cause: new Error(text) }) }, "failed");
        logger.child({ bound: text }).warn("child");
      }
    });
    expectNoSecret(lines);
  });

  it("has no headers of requests that are logged as they are", async () => {
    const lines: string[] = [];
    const logger = pino(loggerOptions("info"), { write: (line: string) => void lines.push(line) });
    const server = await serveApp((app) => {
      app.use(pinoHttp({ logger }));
      app.use((_request, response) => void response.set("Set-Cookie", `hunter2=${JWT}`).json({}));
    });
    const headers = {
      authorization: `Basic ${Buffer.from("a:hunter2").toString("base64")}`,
      cookie: `k=${KEY}`,
    };
    await fetch(`${server.url}/x?key=${KEY}`, { headers });
    await server.close();
    expectNoSecret(lines);
    expect(lines.join()).not.toContain(headers.authorization);
    expect(lines.join()).toContain('"authorization":"[redacted]"');
  });
});

describe("redaction", () => {
  it("leaves what is no secret", () => {
    for (const text of [
      "GET /v1/jobs/JJ1 took 4 ms",
      "postgresql://db.example.org:5432/berth",
      "the key berth_ must be sent",
      "urn:uuid:5f0e8cbb-8d4e-4a39-9a55-8b1b0e1b6b1a",
      "mail a@b.example.org: done",
    ]) {
      expect(redactText(text)).toBe(text);
    }
    expect(redactText(DATABASE)).toBe(
      "postgresql://berth:[redacted]@db.example.org:5432/berth?sslpassword=[redacted]",
    );
    expect(redactText(KEY)).toBe("berth_[redacted]");
  });

  it("of a long line that is made to look like many secrets ends", () => {
    // With a pattern that tries each beginning against the whole rest, these took minutes.
    for (const hostile of [
      "eyJ",
      "eyJ.",
      "a.",
      "a",
      "berth_0123456789abcdef_",
      "whsec_",
      "Bearer ",
      "a://b:",
      "?key=",
    ]) {
      const text = hostile.repeat(60_000);
      expect(redactText(text).length).toBeGreaterThan(0);
    }
  });
});
