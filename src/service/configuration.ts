/** The service's configuration, from the environment; a wrong value stops the start with its name. */
import { z } from "zod";
import type { InputProblem } from "../catalog/input-problem.ts";
import { InvalidInput, problemsFromIssues } from "../catalog/input-problem.ts";
import { shippedScenarioPath } from "../catalog/reference-data.ts";
import type { PolicyName } from "../planner/policy.ts";
import { POLICY_NAMES } from "../planner/policy.ts";
import type { Role } from "./operations/environment-fields.ts";
import {
  ROLES,
  hostToListenOn,
  jwksUrl,
  requestsPerMinute,
  roles,
  text,
  trustProxy,
  webhookAllowances,
  wholeNumber,
} from "./operations/environment-fields.ts";
import { nearestName } from "./operations/nearest-name.ts";
import type { TrustProxy } from "./operations/trust-proxy.ts";
import type { JwtSettings } from "./security/jwt-verifier.ts";
import type { RateLimits } from "./security/rate-limits.ts";
import type { WebhookAllowance } from "./security/webhook-address.ts";

const MAX_PORT = 65_535;
/** A hundred years: longer is a mistake. */
const MAX_DAYS = 36_500;
const MAX_PLANS = 10_000_000;
const MAX_GRACE_SECONDS = 3600;
const DATA_DIRECTORY = "./berth-data";
/** Stands for a connection string in messages: it may hold a password, wherever its writer has put it. */
const HIDDEN = "(not shown, for it may hold a password)";

const environmentSchema = z.object({
  PORT: wholeNumber({ least: 0, most: MAX_PORT }).prefault("8080"),
  BERTH_HOST: hostToListenOn.prefault("127.0.0.1"),
  BERTH_SCENARIO: text.prefault(shippedScenarioPath("prototype-2019")),
  BERTH_POLICY: z.enum(POLICY_NAMES).default("progress-value"),
  BERTH_LOG_LEVEL: z.enum(["silent", "error", "warn", "info", "debug"]).default("warn"),
  BERTH_DATA_DIR: text.optional(),
  DATABASE_URL: z
    .string()
    .refine((url) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url), {
      error: "it is no URL of a PostgreSQL database",
      params: {
        fix: 'Give "postgresql://user:password@host:5432/database"; encode special characters of the password.',
      },
    })
    .optional(),
  BERTH_ROLES: roles.prefault(ROLES.join(",")),
  BERTH_JWKS_URL: jwksUrl.optional(),
  BERTH_JWT_ISSUER: text.optional(),
  BERTH_JWT_AUDIENCE: text.optional(),
  BERTH_RATE_LIMIT_READS_PER_MINUTE: requestsPerMinute.prefault("6000"),
  BERTH_RATE_LIMIT_WRITES_PER_MINUTE: requestsPerMinute.prefault("1200"),
  BERTH_WEBHOOK_ALLOW: webhookAllowances.prefault(""),
  BERTH_RETENTION_JOBS_DAYS: wholeNumber({ least: 1, most: MAX_DAYS }).prefault("90"),
  BERTH_RETENTION_PLANS: wholeNumber({ least: 1, most: MAX_PLANS }).prefault("1000"),
  BERTH_SHUTDOWN_GRACE_SECONDS: wholeNumber({ least: 0, most: MAX_GRACE_SECONDS }).prefault("5"),
  BERTH_TRUST_PROXY: trustProxy.prefault("off"),
  BERTH_ADMIN_KEY_FILE: text.optional(),
});

/** The names of all variables that the service reads. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(environmentSchema.shape);

/** Where the service keeps what it knows: a PostgreSQL server, or a directory of its own that no other process may open. */
export type StoreSettings =
  | { readonly kind: "postgres"; readonly databaseUrl: string }
  | { readonly kind: "embedded"; readonly directory: string };

/** What the service is started with. */
export interface Configuration {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Scenario file: the cluster's limits and the jobs to begin with. */
  readonly scenarioPath: string;
  readonly policy: PolicyName;
  readonly logLevel: string;
  readonly store: StoreSettings;
  readonly roles: readonly Role[];
  /** null: JWTs are not taken. */
  readonly jwt: JwtSettings | null;
  readonly rateLimits: RateLimits;
  readonly webhookAllow: readonly WebhookAllowance[];
  readonly retention: {
    /** Jobs that ended are kept so long. */
    readonly jobsDays: number;
    /** Plans kept of each cluster. */
    readonly planCount: number;
  };
  readonly shutdownGraceSeconds: number;
  readonly trustProxy: TrustProxy;
  /** null: no first key is made or taken in. */
  readonly adminKeyFile: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration; throws InvalidInput naming each wrong variable, its value (but never a password) and the fix. */
export function readConfiguration(environment: Environment): Configuration {
  const parsed = environmentSchema.safeParse(environment);
  const shown =
    environment["DATABASE_URL"] === undefined ? environment : { ...environment, DATABASE_URL: HIDDEN };
  const problems = [
    ...unknownVariables(environment),
    ...(parsed.success ? [] : problemsFromIssues(parsed.error.issues, shown)),
    ...contradictions(shown),
  ];
  if (!parsed.success || problems.length > 0) throw new InvalidInput("environment", problems);
  const { data } = parsed;
  return {
    port: data.PORT,
    host: data.BERTH_HOST,
    scenarioPath: data.BERTH_SCENARIO,
    policy: data.BERTH_POLICY,
    logLevel: data.BERTH_LOG_LEVEL,
    store:
      data.DATABASE_URL === undefined
        ? { kind: "embedded", directory: data.BERTH_DATA_DIR ?? DATA_DIRECTORY }
        : { kind: "postgres", databaseUrl: data.DATABASE_URL },
    roles: data.BERTH_ROLES,
    jwt: jwtSettings(data),
    rateLimits: {
      readsPerMinute: data.BERTH_RATE_LIMIT_READS_PER_MINUTE,
      writesPerMinute: data.BERTH_RATE_LIMIT_WRITES_PER_MINUTE,
    },
    webhookAllow: data.BERTH_WEBHOOK_ALLOW,
    retention: { jobsDays: data.BERTH_RETENTION_JOBS_DAYS, planCount: data.BERTH_RETENTION_PLANS },
    shutdownGraceSeconds: data.BERTH_SHUTDOWN_GRACE_SECONDS,
    trustProxy: data.BERTH_TRUST_PROXY,
    adminKeyFile: data.BERTH_ADMIN_KEY_FILE ?? null,
  };
}

/** A store as it may be printed: without user, password and parameters. */
export function storeLabel(store: StoreSettings): string {
  if (store.kind === "embedded") return `the directory ${store.directory}`;
  const { hostname, port, pathname } = new URL(store.databaseUrl);
  return `PostgreSQL at ${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
}

function jwtSettings(data: z.output<typeof environmentSchema>): JwtSettings | null {
  const { BERTH_JWKS_URL, BERTH_JWT_ISSUER, BERTH_JWT_AUDIENCE } = data;
  if (BERTH_JWKS_URL === undefined || BERTH_JWT_ISSUER === undefined || BERTH_JWT_AUDIENCE === undefined) {
    return null;
  }
  return { jwksUrl: BERTH_JWKS_URL, issuer: BERTH_JWT_ISSUER, audience: BERTH_JWT_AUDIENCE };
}

/**
 * Kubernetes tells each container of the services of its namespace. For one that is called "berth", these names begin with BERTH_ too;
 * the values show which they are.
 */
const KUBERNETES_NAME =
  /^BERTH_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;
const KUBERNETES_VALUE = /^((tcp|udp):\/\/\S+|tcp|udp|\d+|[\d.]+|[\da-f:]+)$/;

const isOfKubernetes = (name: string, value: string): boolean =>
  name === "BERTH_PORT"
    ? /^(tcp|udp):\/\//.test(value)
    : KUBERNETES_NAME.test(name) && KUBERNETES_VALUE.test(value);

function unknownVariables(environment: Environment): readonly InputProblem[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    const isKnown = !name.startsWith("BERTH_") || VARIABLE_NAMES.includes(name);
    if (isKnown || value === undefined || isOfKubernetes(name, value)) return [];
    const nearest = nearestName(name.replace(/^BERTH_PORT$/, "PORT"), VARIABLE_NAMES) ?? "PORT";
    // Its value stays out of the message: the variable that was meant may be a secret one.
    return [
      {
        path: `/${name}`,
        value: name,
        message: "no variable has this name",
        fix: `Did you mean ${nearest}? Correct its spelling, or unset it.`,
      },
    ];
  });
}

const JWT_NAMES = ["BERTH_JWKS_URL", "BERTH_JWT_ISSUER", "BERTH_JWT_AUDIENCE"];

function contradictions(environment: Environment): readonly InputProblem[] {
  const problems: InputProblem[] = [];
  const { DATABASE_URL, BERTH_DATA_DIR, BERTH_ROLES } = environment;
  if (DATABASE_URL !== undefined && BERTH_DATA_DIR !== undefined) {
    problems.push({
      path: "/DATABASE_URL",
      value: DATABASE_URL,
      message: "BERTH_DATA_DIR is set too, and there is one store",
      fix: "Unset BERTH_DATA_DIR to use PostgreSQL, or DATABASE_URL to use the directory.",
    });
  }
  if (
    DATABASE_URL === undefined &&
    BERTH_ROLES !== undefined &&
    !ROLES.every((role) => BERTH_ROLES.includes(role))
  ) {
    problems.push({
      path: "/BERTH_ROLES",
      value: BERTH_ROLES,
      message: "the embedded store belongs to one process, which must have all roles",
      fix: `Set DATABASE_URL, so that processes share a store, or BERTH_ROLES to ${ROLES.join(",")}.`,
    });
  }
  const missing = JWT_NAMES.filter((name) => environment[name] === undefined);
  if (missing.length > 0 && missing.length < JWT_NAMES.length) {
    const given = JWT_NAMES.filter((name) => !missing.includes(name));
    problems.push(
      ...missing.map((name) => ({
        path: `/${name}`,
        value: undefined,
        message: `it is missing, though ${given.join(" and ")} ${given.length === 1 ? "is" : "are"} set`,
        fix: "Set all three to take JWTs, or none.",
      })),
    );
  }
  return problems;
}
