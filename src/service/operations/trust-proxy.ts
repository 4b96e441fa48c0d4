/** Which proxies' word on a client's address is taken (X-Forwarded-For). */
import ipaddr from "ipaddr.js";

/**
 * The value of Express's setting "trust proxy": false, the number of proxies in front, or the networks they are in. "All of them" is not
 * offered: a client could then write its own address.
 */
export type TrustProxy = false | number | string[];

/** Names that Express knows for networks. */
const NAMED_NETWORKS: ReadonlySet<string> = new Set(["loopback", "linklocal", "uniquelocal"]);
const MOST_PROXIES = 10;

/** Reads "off", a number of proxies, or networks apart by commas; null when it is none of these. */
export function parseTrustProxy(text: string): TrustProxy | null {
  if (text === "off") return false;
  if (/^\d+$/.test(text)) {
    const count = Number(text);
    return count >= 1 && count <= MOST_PROXIES ? count : null;
  }
  const entries = text.split(",").map((entry) => entry.trim().toLowerCase());
  const isNetwork = (entry: string): boolean =>
    NAMED_NETWORKS.has(entry) ||
    ipaddr.isValidCIDR(entry) ||
    ipaddr.IPv4.isValidFourPartDecimal(entry) ||
    ipaddr.IPv6.isValid(entry);
  return entries.every(isNetwork) ? entries : null;
}
