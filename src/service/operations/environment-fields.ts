/** How environment variables are written: texts that stand for numbers, lists, networks. */
import { isIP } from "node:net";
import { z } from "zod";
import type { RequestsPerMinute } from "../security/rate-limits.ts";
import type { WebhookAllowance } from "../security/webhook-address.ts";
import { parseWebhookAllowance } from "../security/webhook-address.ts";
import type { TrustProxy } from "./trust-proxy.ts";
import { parseTrustProxy } from "./trust-proxy.ts";

interface Range {
  readonly least: number;
  readonly most: number;
}

/** A whole number in decimal digits: "" is none, though JavaScript reads it as 0. */
export const wholeNumber = ({ least, most }: Range) =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
    return refuse(
      context,
      "it is no whole number that is possible here",
      `Give a whole number from ${least} to ${most}.`,
    );
  });

/** A number of requests a minute, or "off". */
export const requestsPerMinute = z.string().transform((text, context): RequestsPerMinute => {
  if (text === "off") return "off";
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1) return value;
  return refuse(
    context,
    "it is no number of requests",
    'Give a whole number of at least 1, or "off" for no limit.',
  );
});

/** A text that is not empty. */
export const text = z.string().min(1, { error: "it is empty" });

/** A host name or address to listen on. */
export const hostToListenOn = z.string().transform((host, context) => {
  if (isIP(host) !== 0 || /^[A-Za-z0-9._-]+$/.test(host)) return host;
  return refuse(
    context,
    "it is no host",
    "Give an address or a name alone, for example 127.0.0.1 or ::1; the port is PORT's.",
  );
});

/** URL of an identity provider's keys: over HTTPS, or plain on this machine, where nobody can change it on its way. */
export const jwksUrl = z.string().transform((address, context) => {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isPlainHere = url?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (
    url !== null &&
    url.username === "" &&
    url.password === "" &&
    (url.protocol === "https:" || isPlainHere)
  )
    return address;
  return refuse(
    context,
    "it is no https URL, or one with credentials",
    'Give a URL such as "https://login.example.org/.well-known/jwks.json".',
  );
});

/** A list of roles, apart by commas. */
export const roles = z.string().transform((list, context): readonly Role[] => {
  const named = list.split(",").map((entry) => entry.trim());
  if (named.every((name) => ROLES.some((role) => role === name)))
    return ROLES.filter((role) => named.includes(role));
  return refuse(
    context,
    "it names something else than roles",
    `Give one or more of ${ROLES.join(", ")}, apart by commas.`,
  );
});

/** What a process does: answers requests, or decides and runs schedules. */
export const ROLES = ["api", "worker"] as const;
export type Role = (typeof ROLES)[number];

/** Networks and hosts, apart by commas; the empty text is none. */
export const webhookAllowances = z.string().transform((list, context): readonly WebhookAllowance[] => {
  const entries = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return entries.map((entry) => {
    const allowance = parseWebhookAllowance(entry);
    if (allowance !== null) return allowance;
    return refuse(
      context,
      `${JSON.stringify(entry)} is neither a network nor a host`,
      'Give networks such as "10.1.0.0/16" and host names, apart by commas.',
    );
  });
});

/** Whose word on a client's address is taken. */
export const trustProxy = z.string().transform((written, context): TrustProxy => {
  const parsed = parseTrustProxy(written);
  if (parsed !== null) return parsed;
  return refuse(
    context,
    "it names no proxies",
    'Give "off", the number of proxies in front (1 to 10), or their networks, apart by commas; "loopback" is one.',
  );
});

function refuse(context: z.RefinementCtx, message: string, fix: string): never {
  context.addIssue({ code: "custom", message, params: { fix } });
  return z.NEVER;
}
