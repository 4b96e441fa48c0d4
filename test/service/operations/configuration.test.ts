import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/catalog/input-problem.ts";
import { VARIABLE_NAMES, readConfiguration, storeLabel } from "../../../src/service/configuration.ts";
import { editDistance, nearestName } from "../../../src/service/operations/nearest-name.ts";

function refusal(environment: Readonly<Record<string, string>>): InvalidInput {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(environment)} was taken`);
}

describe("the configuration", () => {
  it("of an empty environment is a service on this machine", () => {
    expect(readConfiguration({ HOME: "/root", PATH: "/bin" })).toMatchObject({
      port: 8080,
      host: "127.0.0.1",
      policy: "progress-value",
      logLevel: "warn",
      store: { kind: "embedded", directory: "./berth-data" },
      roles: ["api", "worker"],
      jwt: null,
      rateLimits: { readsPerMinute: 6000, writesPerMinute: 1200 },
      webhookAllow: [],
      retention: { jobsDays: 90, planCount: 1000 },
      shutdownGraceSeconds: 5,
      trustProxy: false,
      adminKeyFile: null,
    });
  });

  it("takes every variable", () => {
    const environment = {
      PORT: "0",
      BERTH_HOST: "::",
      BERTH_SCENARIO: "a.json",
      BERTH_POLICY: "greedy",
      BERTH_LOG_LEVEL: "debug",
      DATABASE_URL: "postgresql://berth:s%2Fecret@db:5432/berth?sslmode=require",
      BERTH_ROLES: "worker",
      BERTH_JWKS_URL: "https://login.example.org/jwks",
      BERTH_JWT_ISSUER: "https://login.example.org/",
      BERTH_JWT_AUDIENCE: "berth",
      BERTH_RATE_LIMIT_READS_PER_MINUTE: "off",
      BERTH_RATE_LIMIT_WRITES_PER_MINUTE: "7",
      BERTH_WEBHOOK_ALLOW: "10.0.0.0/8, hooks.internal",
      BERTH_RETENTION_JOBS_DAYS: "1",
      BERTH_RETENTION_PLANS: "2",
      BERTH_SHUTDOWN_GRACE_SECONDS: "0",
      BERTH_TRUST_PROXY: "loopback,10.0.0.0/8",
      BERTH_ADMIN_KEY_FILE: "/run/berth/admin.key",
    };
    expect(readConfiguration(environment)).toEqual({
      port: 0,
      host: "::",
      scenarioPath: "a.json",
      policy: "greedy",
      logLevel: "debug",
      store: { kind: "postgres", databaseUrl: environment.DATABASE_URL },
      roles: ["worker"],
      jwt: {
        jwksUrl: "https://login.example.org/jwks",
        issuer: "https://login.example.org/",
        audience: "berth",
      },
      rateLimits: { readsPerMinute: "off", writesPerMinute: 7 },
      webhookAllow: [
        { kind: "network", cidr: "10.0.0.0/8" },
        { kind: "host", name: "hooks.internal" },
      ],
      retention: { jobsDays: 1, planCount: 2 },
      shutdownGraceSeconds: 0,
      trustProxy: ["loopback", "10.0.0.0/8"],
      adminKeyFile: "/run/berth/admin.key",
    });
    const { BERTH_DATA_DIR, ...rest } = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, name]));
    expect(BERTH_DATA_DIR).toBe("BERTH_DATA_DIR");
    expect(Object.keys(rest).sort()).toEqual(Object.keys(environment).sort());
  });

  it.each([
    ["PORT", "", "0 to 65535"],
    ["PORT", "65536", "0 to 65535"],
    ["PORT", "8080.5", "whole number"],
    ["PORT", "0x1F90", "whole number"],
    ["PORT", " 80", "whole number"],
    ["BERTH_HOST", "", "no host"],
    ["BERTH_HOST", "127.0.0.1:80", "the port is PORT's"],
    ["BERTH_HOST", "http://127.0.0.1", "no host"],
    ["BERTH_SCENARIO", "", "empty"],
    ["BERTH_POLICY", "best", "Use one of"],
    ["BERTH_LOG_LEVEL", "loud", "Use one of"],
    ["BERTH_DATA_DIR", "", "empty"],
    ["DATABASE_URL", "mysql://u:p@h/d", "PostgreSQL"],
    ["DATABASE_URL", "", "PostgreSQL"],
    ["BERTH_ROLES", "", "api, worker"],
    ["BERTH_ROLES", "api,admin", "api, worker"],
    ["BERTH_JWKS_URL", "http://login.example.org/jwks", "https"],
    ["BERTH_JWKS_URL", "https://user:pw@login.example.org/jwks", "credentials"],
    ["BERTH_RATE_LIMIT_READS_PER_MINUTE", "0", "off"],
    ["BERTH_RATE_LIMIT_WRITES_PER_MINUTE", "none", "off"],
    ["BERTH_WEBHOOK_ALLOW", "10.0.0.0/8,*.internal", '"*.internal"'],
    ["BERTH_RETENTION_JOBS_DAYS", "0", "1 to 36500"],
    ["BERTH_RETENTION_PLANS", "-1", "1 to"],
    ["BERTH_SHUTDOWN_GRACE_SECONDS", "1h", "0 to 3600"],
    ["BERTH_TRUST_PROXY", "true", "off"],
    ["BERTH_TRUST_PROXY", "0", "off"],
    ["BERTH_TRUST_PROXY", "10.0.0.0/8,everybody", "off"],
    ["BERTH_ADMIN_KEY_FILE", "", "empty"],
  ])("%s=%j stops the start with its name and the fix", (name, value, about) => {
    const { message, problems } = refusal({ [name]: value });
    expect(problems.map(({ path }) => path)).toContain(`/${name}`);
    expect(message).toContain(about);
  });

  it("names every wrong variable at once", () => {
    const { problems } = refusal({ PORT: "x", BERTH_POLICY: "x", BERTH_X: "x", BERTH_JWT_ISSUER: "x" });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "/BERTH_JWKS_URL",
      "/BERTH_JWT_AUDIENCE",
      "/BERTH_POLICY",
      "/BERTH_X",
      "/PORT",
    ]);
  });

  it("has one store, and processes that share it where they share the work", () => {
    const { message } = refusal({ DATABASE_URL: "postgres://h/d", BERTH_DATA_DIR: "./d" });
    expect(message).toContain("DATABASE_URL");
    expect(message).toContain("BERTH_DATA_DIR");
    expect(refusal({ BERTH_ROLES: "api" }).message).toMatch(/BERTH_ROLES.*DATABASE_URL/s);
    expect(readConfiguration({ BERTH_ROLES: "worker, api" }).roles).toEqual(["api", "worker"]);
  });

  it("never shows a database's password", () => {
    const password = "hunter2";
    const at = `berth:${password}@db.example.org`;
    for (const environment of [
      { DATABASE_URL: `mysql://${at}/d` },
      { DATABASE_URL: `postgres://${at}:port/d` },
      { DATABASE_URL: password },
      { DATABASE_URL: `postgres://${at}/d`, BERTH_DATA_DIR: "./d" },
      { DATABASE_URL: `postgres://${at}/d`, PORT: "x" },
      { BERTH_DATABASE_URL: `postgres://${at}/d` },
    ]) {
      const { message, problems } = refusal(environment);
      expect(message).not.toContain(password);
      expect(JSON.stringify(problems)).not.toContain(password);
    }
    const { store } = readConfiguration({ DATABASE_URL: `postgres://${at}:5433/d?password=${password}` });
    expect(storeLabel(store)).toBe("PostgreSQL at db.example.org:5433/d");
    expect(storeLabel({ kind: "embedded", directory: "./d" })).toBe("the directory ./d");
  });
});

describe("a variable that nobody knows", () => {
  it.each([
    ["BERTH_LOGLEVEL", "BERTH_LOG_LEVEL"],
    ["BERTH_PORT", "PORT"],
    ["BERTH_DATA", "BERTH_DATA_DIR"],
    ["BERTH_DATABASE_URL", "DATABASE_URL"],
    ["BERTH_RATE_LIMIT_READ_PER_MINUTE", "BERTH_RATE_LIMIT_READS_PER_MINUTE"],
  ])("%s: did you mean %s?", (name, meant) => {
    expect(refusal({ [name]: "8080" }).message).toContain(`Did you mean ${meant}?`);
  });

  it("may be one that Kubernetes sets for a service called berth", () => {
    readConfiguration({
      BERTH_SERVICE_HOST: "10.96.0.7",
      BERTH_SERVICE_PORT: "8080",
      BERTH_SERVICE_PORT_HTTP: "8080",
      BERTH_PORT: "tcp://10.96.0.7:8080",
      BERTH_PORT_8080_TCP: "tcp://10.96.0.7:8080",
      BERTH_PORT_8080_TCP_PROTO: "tcp",
      BERTH_PORT_8080_TCP_PORT: "8080",
      BERTH_PORT_8080_TCP_ADDR: "10.96.0.7",
      BERTH_API_SERVICE_HOST: "10.96.0.8",
    });
  });
});

describe("the nearest name", () => {
  it("takes the fewest corrections", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("abc", "abc")).toBe(0);
    expect(nearestName("abd", ["xyz", "abc", "abe"])).toBe("abc");
    expect(nearestName("a", [])).toBeUndefined();
  });
});
