/**
 * Keeps secrets out of the log, twice: fields that hold one by their name are never written, and every finished line is searched for what
 * looks like one, wherever it stands, as in the message of a driver's error that repeats its connection string.
 */
import type { LoggerOptions } from "pino";
import { API_KEY_PATTERN } from "./api-key.ts";
import { WEBHOOK_SECRET_PATTERN } from "./webhook-signature.ts";

/** Stands where a secret was; without quotes and backslashes, so that a line stays JSON. */
const REDACTED = "[redacted]";

const SECRET_FIELDS = [
  "authorization",
  "cookie",
  "password",
  "secret",
  "secrets",
  "token",
  "apiKey",
  "databaseUrl",
  "DATABASE_URL",
  "connectionString",
];

/** Pino's wildcard stands for one level, so each depth is listed. */
const SECRET_PATHS = [
  ...SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
  'headers["set-cookie"]',
  '*.headers["set-cookie"]',
];

/**
 * Within a line of JSON: no pattern reaches over a quote or a backslash. Each begins at few places or ends within few letters, so that
 * the time it takes grows with the line's length and not with its square: clients write part of what is logged.
 */
const SECRET_TEXTS: readonly { readonly pattern: RegExp; readonly replacement: string }[] = [
  { pattern: new RegExp(API_KEY_PATTERN.source, "g"), replacement: `berth_${REDACTED}` },
  { pattern: new RegExp(WEBHOOK_SECRET_PATTERN.source, "g"), replacement: `whsec_${REDACTED}` },
  // A JWT: two objects as base64url, which begin with {" (eyJ), and a signature.
  { pattern: /(?<![\w-])eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g, replacement: REDACTED },
  { pattern: /\b(Bearer|Basic) +[^\s"\\,]+/gi, replacement: `$1 ${REDACTED}` },
  // A password in a URL. It may hold "/" and "@" where nobody encoded them, so this goes up to the last @, rather too far than too short.
  {
    pattern: /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*:\/\/[^\s"\\/:@]*):[^\s"\\]{0,1024}@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  { pattern: /([?&](?:password|sslpassword|token|secret|key)=)[^\s"\\&]+/gi, replacement: `$1${REDACTED}` },
];

/** A text without what looks like a secret. */
export function redactText(text: string): string {
  return SECRET_TEXTS.reduce(
    (redacted, { pattern, replacement }) => redacted.replace(pattern, replacement),
    text,
  );
}

/** Options of every logger of the service. */
export function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    redact: { paths: SECRET_PATHS, censor: REDACTED },
    hooks: { streamWrite: redactText },
  };
}
