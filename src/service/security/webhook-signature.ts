/**
 * Signatures of webhook deliveries, as in the Standard Webhooks specification 1.0.0 (standardwebhooks.com):
 *
 *   webhook-signature = "v1," + base64(HMAC-SHA256(secret, `${webhook-id}.${webhook-timestamp}.${body}`))
 *
 * While a secret is being replaced, a delivery has one signature by the old and one by the new, apart by a space.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Recognises secrets in any text. */
export const WEBHOOK_SECRET_PATTERN = /whsec_[A-Za-z0-9+/]{32,}={0,2}/;

const PREFIX = "whsec_";
const SECRET_BYTES = 32;
/** The specification's limits. */
const LEAST_SECRET_BYTES = 24;
const MOST_SECRET_BYTES = 64;
/** Deliveries older or newer than this are refused, so that nobody can repeat an old one. */
const TOLERANCE_SECONDS = 300;

/** A delivery to be signed. */
export interface Delivery {
  /** The same for all attempts at one event; without ".". */
  readonly id: string;
  /** Time of this attempt, in whole seconds since the Unix epoch. */
  readonly atSeconds: number;
  /** The body, byte for byte as it is sent. */
  readonly body: string;
}

/** The headers of a signed delivery; a type and not an interface, so that they may go where any headers go. */
export type WebhookHeaders = {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
};

/** Whether a delivery is genuine. */
export type SignatureVerdict =
  { readonly kind: "valid" } | { readonly kind: "invalid"; readonly reason: string };

/** Makes a secret from the machine's randomness. */
export const makeWebhookSecret = (): string => `${PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`;

/** Whether a text can be a secret: the prefix, and 24 to 64 bytes as base64. */
export const isWebhookSecret = (text: string): boolean => keyOf(text) !== null;

/** Signs a delivery with every secret; throws on no secret, a malformed one, an id with "." or a time that is not whole seconds. */
export function signWebhook(delivery: Delivery, secrets: readonly string[]): WebhookHeaders {
  const { id, atSeconds } = delivery;
  if (secrets.length === 0) throw new Error("A webhook delivery needs a secret to be signed with");
  if (id === "" || id.includes("."))
    throw new Error(`The delivery's id ${JSON.stringify(id)} is empty or has a "."`);
  if (!Number.isSafeInteger(atSeconds))
    throw new Error(`The delivery's time ${atSeconds} s is not in whole seconds`);
  return {
    "webhook-id": id,
    "webhook-timestamp": `${atSeconds}`,
    "webhook-signature": secrets.map((secret) => `v1,${signature(delivery, requiredKey(secret))}`).join(" "),
  };
}

/** Checks a delivery as its receiver does: time within 300 s of `nowSeconds`, and one signature by one of the secrets. */
export function verifyWebhook(received: {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly secrets: readonly string[];
  readonly nowSeconds: number;
}): SignatureVerdict {
  const { headers, body, secrets, nowSeconds } = received;
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (id === undefined || timestamp === undefined || signatures === undefined) {
    return { kind: "invalid", reason: "webhook-id, webhook-timestamp or webhook-signature is missing" };
  }
  if (!/^\d{1,12}$/.test(timestamp))
    return { kind: "invalid", reason: "webhook-timestamp is not in whole seconds" };
  const atSeconds = Number(timestamp);
  const ageSeconds = nowSeconds - atSeconds;
  if (Math.abs(ageSeconds) > TOLERANCE_SECONDS) {
    const side = ageSeconds > 0 ? "past" : "future";
    return { kind: "invalid", reason: `the delivery is more than ${TOLERANCE_SECONDS} s in the ${side}` };
  }
  const given = signatures
    .split(" ")
    .flatMap((entry) => (entry.startsWith("v1,") ? [entry.slice("v1,".length)] : []));
  const expected = secrets.map((secret) => signature({ id, atSeconds, body }, requiredKey(secret)));
  return expected.some((one) => given.some((other) => isSame(one, other)))
    ? { kind: "valid" }
    : { kind: "invalid", reason: "no signature is by this secret" };
}

function signature({ id, atSeconds, body }: Delivery, key: Buffer): string {
  return createHmac("sha256", key).update(`${id}.${atSeconds}.${body}`).digest("base64");
}

function isSame(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function requiredKey(secret: string): Buffer {
  const key = keyOf(secret);
  // The secret itself stays out of the message, which ends in a log.
  if (key === null) throw new Error("A webhook secret must be whsec_ and 24 to 64 bytes as base64");
  return key;
}

function keyOf(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, "base64");
  // Node skips what is no base64; the round trip finds it.
  const isBase64 = key.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
  return isBase64 && key.length >= LEAST_SECRET_BYTES && key.length <= MOST_SECRET_BYTES ? key : null;
}
