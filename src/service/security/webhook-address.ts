/** Which addresses webhooks may be sent to: those of the public Internet, and what the configuration allows besides. */
import ipaddr from "ipaddr.js";
import type { IPv4, IPv6 } from "ipaddr.js";

/** One entry of BERTH_WEBHOOK_ALLOW: a network, or a host's name, whatever it resolves to. */
export type WebhookAllowance =
  { readonly kind: "network"; readonly cidr: string } | { readonly kind: "host"; readonly name: string };

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/i;

/** Reads an entry such as "10.1.0.0/16", "192.168.7.3", "fd00::/8" or "hooks.example.org"; null when it is none of these. */
export function parseWebhookAllowance(text: string): WebhookAllowance | null {
  const entry = text.trim().toLowerCase();
  if (ipaddr.isValidCIDR(entry)) return { kind: "network", cidr: entry };
  // Strictly four decimal numbers, or IPv6: ipaddr.js reads "10.1" as 10.0.0.1, which nobody means here.
  if (ipaddr.IPv4.isValidFourPartDecimal(entry)) return { kind: "network", cidr: `${entry}/32` };
  if (ipaddr.IPv6.isValid(entry)) return { kind: "network", cidr: `${entry}/128` };
  // A top-level name of digits only is an address that is mistyped.
  return HOST_NAME.test(entry) && !/(^|\.)\d+$/.test(entry) ? { kind: "host", name: entry } : null;
}

/** The global unicast addresses of IPv6 (RFC 4291, 2.4): the rest holds mapped, translated, local and unassigned ones. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
/** Azure's service for its own VMs answers at a public address; link-local ones of other clouds are refused by their range. */
const CLOUD_METADATA: ReadonlySet<string> = new Set(["168.63.129.16"]);

/** Why an address must not be sent to; null when it may. `address` is an IP address as a resolver gives it. */
export function refusedBecause(address: string, allow: readonly WebhookAllowance[]): string | null {
  // A zone ("fe80::1%eth0") names an interface of this machine.
  if (!ipaddr.isValid(address) || address.includes("%")) return `${address} is no plain IP address`;
  const parsed = ipaddr.parse(address);
  if (allow.some((entry) => entry.kind === "network" && contains(entry.cidr, parsed))) return null;
  if (CLOUD_METADATA.has(parsed.toString())) return `${address} is a cloud's service for its own machines`;
  const range = parsed.range();
  if (range !== "unicast") return `${address} is ${RANGE_WORDS.get(range) ?? `of the range ${range}`}`;
  if (isIpv6(parsed) && !parsed.match(GLOBAL_UNICAST)) return `${address} is no global unicast address`;
  return null;
}

const RANGE_WORDS: ReadonlyMap<string, string> = new Map([
  ["loopback", "a loopback address"],
  ["linkLocal", "a link-local address"],
  ["private", "a private address"],
  ["uniqueLocal", "a unique-local address"],
  ["multicast", "a multicast address"],
  ["unspecified", "the unspecified address"],
  ["broadcast", "the broadcast address"],
  ["carrierGradeNat", "an address of a carrier's NAT"],
  ["ipv4Mapped", "an IPv4 address written as IPv6"],
  ["rfc6052", "an IPv4 address behind NAT64"],
  ["rfc6145", "an IPv4 address written as IPv6"],
  ["6to4", "an IPv4 address within 6to4"],
  ["teredo", "an IPv4 address within Teredo"],
  ["reserved", "a reserved address"],
]);

function isIpv6(address: IPv4 | IPv6): address is IPv6 {
  return address.kind() === "ipv6";
}

function contains(cidr: string, address: IPv4 | IPv6): boolean {
  const [network, prefixBits] = ipaddr.parseCIDR(cidr);
  return network.kind() === address.kind() && address.match(network, prefixBits);
}
