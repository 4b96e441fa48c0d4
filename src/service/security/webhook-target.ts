/**
 * Where webhooks may be sent. A webhook's URL is somebody else's text that makes this machine send requests, so it could be aimed at what
 * only this machine reaches: itself, its network, its cloud's metadata service.
 *
 * A name is resolved by the very look-up that the connection uses, and every address is checked there: a name that resolves to a public
 * address when it is checked and to an inner one when it is used (DNS rebinding) gains nothing. Redirects are not followed, for their
 * target would have to pass the same checks, and the Standard Webhooks specification calls them failures anyway.
 */
import { lookup as systemLookup } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { IncomingMessage, RequestOptions } from "node:http";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { secondsToMilliseconds } from "../../domain/units.ts";
import type { WebhookAllowance } from "./webhook-address.ts";
import { refusedBecause } from "./webhook-address.ts";

/** An IP address as a resolver gives it. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name; rejects when it has none. */
export type Resolver = (hostName: string) => Promise<readonly ResolvedAddress[]>;

/** The rules for targets; `resolve` is this machine's resolver when left out. */
export interface WebhookRules {
  readonly allow: readonly WebhookAllowance[];
  readonly resolve?: Resolver;
}

/** Whether a URL may be sent to. A host that does not resolve now is "unresolved": it may later. */
export type TargetVerdict =
  | { readonly kind: "allowed"; readonly url: URL; readonly addresses: readonly ResolvedAddress[] }
  | { readonly kind: "refused"; readonly reason: string; readonly fix: string }
  | { readonly kind: "unresolved"; readonly reason: string };

/** One delivery. */
export interface WebhookPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text, exactly as it was signed. */
  readonly body: string;
  /** For the whole exchange. */
  readonly timeoutSeconds: number;
}

/** What became of a delivery. Statuses of 300 to 399 come as they are: nothing is followed. */
export type WebhookOutcome =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: "refused"; readonly reason: string; readonly fix: string }
  | { readonly kind: "unreachable"; readonly reason: string };

const MAX_URL_CHARACTERS = 2048;
/** Ports that web servers have; allowed hosts and networks may have any. */
const WEB_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);
const ALLOW_FIX =
  "Use an address of the public Internet, or have the operator add this one to BERTH_WEBHOOK_ALLOW.";

/** Checks a URL and every address that its host has now; for when a webhook is registered. */
export async function checkWebhookTarget(text: string, rules: WebhookRules): Promise<TargetVerdict> {
  const read = readTarget(text, rules);
  if (read.kind === "refused") return read;
  const { url } = read;
  const host = bareHost(url);
  let addresses: readonly ResolvedAddress[];
  try {
    addresses = isIP(host) === 0 ? await resolverOf(rules)(host) : [{ address: host, family: isIP(host) }];
  } catch (error) {
    return { kind: "unresolved", reason: `${host} cannot be resolved (${messageOf(error)})` };
  }
  const reason = refusalOf(host, addresses, rules);
  return reason === null ? { kind: "allowed", url, addresses } : { kind: "refused", reason, fix: ALLOW_FIX };
}

/** Sends a POST to a webhook's URL, checking the address that it connects to; never throws. */
export async function postWebhook(post: WebhookPost, rules: WebhookRules): Promise<WebhookOutcome> {
  const read = readTarget(post.url, rules);
  if (read.kind === "refused") return read;
  const { url } = read;
  const host = bareHost(url);
  // Node asks no look-up about addresses, so one in the URL is checked here.
  const literal = isIP(host) === 0 ? null : refusalOf(host, [{ address: host, family: isIP(host) }], rules);
  if (literal !== null) return { kind: "refused", reason: literal, fix: ALLOW_FIX };
  try {
    const { statusCode, headers } = await exchange(url, post, guardedLookup(rules));
    return {
      kind: "answered",
      status: statusCode ?? 0,
      retryAfter: headers["retry-after"] ?? null,
    };
  } catch (error) {
    return error instanceof TargetRefused
      ? { kind: "refused", reason: error.message, fix: ALLOW_FIX }
      : { kind: "unreachable", reason: messageOf(error) };
  }
}

/** A look-up for `http.request` and `https.request` that gives the addresses it has checked, and fails when one of them is refused. */
export function guardedLookup(rules: WebhookRules): LookupFunction {
  return (hostName, options, callback) => {
    resolverOf(rules)(hostName).then(
      (addresses) => {
        const reason = refusalOf(hostName, addresses, rules);
        const [first] = addresses;
        if (reason !== null) callback(new TargetRefused(reason), []);
        else if (options.all === true) callback(null, [...addresses]);
        else if (first === undefined) callback(new Error(`${hostName} has no address`), []);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), []);
      },
    );
  };
}

/** Passes through Node's connection errors, so that a refusal is told from a network's failure. */
class TargetRefused extends Error {
  override readonly name = "TargetRefused";
}

type ReadTarget =
  { readonly kind: "url"; readonly url: URL } | Extract<TargetVerdict, { readonly kind: "refused" }>;

function readTarget(text: string, { allow }: WebhookRules): ReadTarget {
  const refused = (reason: string, fix: string): ReadTarget => ({ kind: "refused", reason, fix });
  const example = 'Give a URL such as "https://hooks.example.org/berth".';
  if (text.length > MAX_URL_CHARACTERS) {
    return refused(`the URL has ${text.length} characters`, `Use at most ${MAX_URL_CHARACTERS}.`);
  }
  // The parser of the WHATWG turns 2130706433, 0x7f.1 and 0177.0.0.1 into 127.0.0.1, as browsers and curl do.
  if (!URL.canParse(text)) return refused("it is no URL", example);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refused(`its scheme is ${url.protocol.slice(0, -1)}`, example);
  }
  if (url.username !== "" || url.password !== "") {
    return refused(
      "it holds a user's name or password",
      "Leave them out: deliveries are signed with the webhook's secret.",
    );
  }
  const portNumber = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  if (!WEB_PORTS.has(portNumber) && !isAllowedHost(bareHost(url), allow) && !isInAllowedNetwork(url, allow)) {
    return refused(
      `its port is ${portNumber}`,
      `Use one of ${[...WEB_PORTS].join(", ")}, or have the operator add the host to BERTH_WEBHOOK_ALLOW.`,
    );
  }
  return { kind: "url", url };
}

const isAllowedHost = (host: string, allow: readonly WebhookAllowance[]): boolean =>
  allow.some((entry) => entry.kind === "host" && entry.name === host.toLowerCase());

function isInAllowedNetwork(url: URL, allow: readonly WebhookAllowance[]): boolean {
  const host = bareHost(url);
  const networks = allow.filter((entry) => entry.kind === "network");
  return isIP(host) !== 0 && networks.length > 0 && refusedBecause(host, networks) === null;
}

/** The host of a URL, an IPv6 address without its brackets. */
const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, "$1");

/** One bad address refuses the host: a name that has an inner address beside an outer one is up to no good, or a mistake. */
function refusalOf(
  host: string,
  addresses: readonly ResolvedAddress[],
  { allow }: WebhookRules,
): string | null {
  if (isAllowedHost(host, allow)) return null;
  for (const { address } of addresses) {
    const reason = refusedBecause(address, allow);
    if (reason !== null) return address === host ? reason : `${host} resolves to ${address}: ${reason}`;
  }
  return null;
}

const resolverOf = ({ resolve }: WebhookRules): Resolver =>
  resolve ?? ((hostName) => systemLookup(hostName, { all: true, verbatim: true }));

function exchange(url: URL, post: WebhookPost, lookup: LookupFunction): Promise<IncomingMessage> {
  const { headers, body, timeoutSeconds } = post;
  const options: RequestOptions = {
    method: "POST",
    lookup,
    // No agent: a connection that is kept alive would outlive the check of its address.
    agent: false,
    headers: { "content-type": "application/json", ...headers, "content-length": Buffer.byteLength(body) },
    signal: AbortSignal.timeout(secondsToMilliseconds(timeoutSeconds)),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(url, options, (response) => {
      // Nobody reads the body: it may be endless.
      response.destroy();
      resolve(response);
    });
    // Stays: after the answer, the rest of the body may still fail to go out, which is then nobody's concern.
    request.on("error", reject);
    request.end(body);
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
