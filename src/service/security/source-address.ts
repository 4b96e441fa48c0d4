/** Where a request comes from. */
import type { Request } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import ipaddr from "ipaddr.js";

/** The client's address, as far as the proxies that are trusted tell it; "unknown" when its connection has gone already. */
export const sourceAddress = (request: Request): string => request.ip ?? "unknown";

/** What one client's requests are counted under: its IPv4 address, or the /56 of its IPv6 address, of which a client has many. */
export const countedAddress = (request: Request): string => {
  const address = sourceAddress(request);
  return ipaddr.isValid(address) ? ipKeyGenerator(address) : address;
};

/** Whether an address is one of this machine to itself: 127.0.0.0/8 or ::1, also written as IPv4-mapped IPv6. */
export const isLoopbackAddress = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";

/** Whether a host name or address, as in a URL or to listen on, means this machine's loopback and nothing else. */
export const isLoopbackHost = (host: string): boolean => {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  // ipaddr.js reads "127.1" and "0" too, as the C library does.
  return bare === "localhost" || isLoopbackAddress(bare);
};
