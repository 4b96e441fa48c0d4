import { describe, expect, it } from "vitest";
import type { WebhookAllowance } from "../../../src/service/security/webhook-address.ts";
import { parseWebhookAllowance, refusedBecause } from "../../../src/service/security/webhook-address.ts";

const network = (cidr: string): WebhookAllowance => ({ kind: "network", cidr });

describe("an address that webhooks must not reach", () => {
  it.each([
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["10.0.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.0.1", "private"],
    ["169.254.169.254", "link-local"],
    ["100.100.100.200", "carrier"],
    ["192.0.0.192", "reserved"],
    ["198.18.0.1", "reserved"],
    ["203.0.113.5", "reserved"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["240.0.0.1", "reserved"],
    ["168.63.129.16", "cloud"],
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["::127.0.0.1", "IPv4 address written as IPv6"],
    ["::7f00:1", "global unicast"],
    ["::ffff:127.0.0.1", "IPv4 address written as IPv6"],
    ["::ffff:8.8.8.8", "IPv4 address written as IPv6"],
    ["::ffff:0:127.0.0.1", "IPv4 address written as IPv6"],
    ["64:ff9b::7f00:1", "NAT64"],
    ["64:ff9b:1::a00:1", "NAT64"],
    ["2002:7f00:1::", "6to4"],
    ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "no plain"],
    ["fc00::1", "unique-local"],
    ["fd00:ec2::254", "unique-local"],
    ["fec0::1", "deprecatedSiteLocal"],
    ["ff02::1", "multicast"],
    ["2001:db8::1", "reserved"],
    ["4000::1", "global unicast"],
    ["0:0:0:0:0:0:0:1", "loopback"],
    ["localhost", "no plain"],
  ])("%s: %s", (address, reason) => {
    expect(refusedBecause(address, [])).toContain(reason);
  });

  it.each(["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::200e"])(
    "is not %s",
    (address) => {
      expect(refusedBecause(address, [])).toBeNull();
    },
  );

  it("may be allowed, network by network", () => {
    expect(refusedBecause("10.1.2.3", [network("10.1.0.0/16")])).toBeNull();
    expect(refusedBecause("10.2.2.3", [network("10.1.0.0/16")])).toContain("private");
    expect(refusedBecause("::1", [network("127.0.0.0/8"), network("::1/128")])).toBeNull();
    // Allowing an IPv4 network allows no other spelling of it.
    expect(refusedBecause("::ffff:10.1.2.3", [network("10.1.0.0/16")])).toContain("written as IPv6");
  });
});

describe("an entry of BERTH_WEBHOOK_ALLOW", () => {
  it.each([
    ["10.1.0.0/16", network("10.1.0.0/16")],
    [" 192.168.7.3 ", network("192.168.7.3/32")],
    ["FD00::/8", network("fd00::/8")],
    ["::1", network("::1/128")],
    ["Hooks.Example.org", { kind: "host", name: "hooks.example.org" }],
    ["localhost", { kind: "host", name: "localhost" }],
  ])("%s", (text, allowance) => {
    expect(parseWebhookAllowance(text)).toEqual(allowance);
  });
  it.each([
    "",
    "10.1",
    "10.0.0.0/33",
    "300.1.1.1",
    "*.example.org",
    "https://example.org",
    "a b",
    "host:80",
    "-x",
  ])("not %j", (text) => {
    expect(parseWebhookAllowance(text)).toBeNull();
  });
});
