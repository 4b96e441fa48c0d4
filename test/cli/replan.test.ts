import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A service that gives these answers, one after the other. */
async function service(...statuses: readonly number[]) {
  const left = [...statuses];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? "-"}`);
    const headers = { "retry-after": "0", location: "/elsewhere" };
    response.writeHead(left.shift() ?? 202, headers).end(JSON.stringify({ detail: "why it is so" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked };
}

async function run(...words: readonly string[]): Promise<{ readonly code: number; readonly errors: string }> {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const code = await runCli(["replan", ...words]);
  return { code, errors: errors.mock.calls.flat().join("\n") };
}

describe("berth replan", () => {
  it("tries again while the service cannot answer, and ends with 0 once it is accepted", async () => {
    vi.stubEnv("BERTH_API_KEY", "a-key");
    const { url, asked } = await service(503, 429, 202);
    expect((await run("--url", url, "--cluster", "team")).code).toBe(0);
    expect(asked).toEqual(Array.from({ length: 3 }, () => "POST /v1/clusters/team/replan Bearer a-key"));
  });

  it("ends with 1 after five tries, or where nobody answers", async () => {
    const { url, asked } = await service(503, 503, 503, 503, 503, 503);
    const { code, errors } = await run("--url", url);
    expect([code, asked.length]).toEqual([1, 5]);
    expect(errors).toContain("why it is so");
    expect((await service(500).then((broken) => run("--url", broken.url))).code).toBe(1);
  });

  it("ends with 2 where the key, the address or an option is wrong, and follows no redirect", async () => {
    for (const status of [400, 401, 403, 404, 302]) {
      const { url, asked } = await service(status);
      expect((await run("--url", url)).code, String(status)).toBe(2);
      expect(asked).toHaveLength(1);
    }
    expect((await run("--url", "nothing")).code).toBe(2);
    expect((await run()).code).toBe(2);
    expect((await run("--url", "http://127.0.0.1:1", "--key-file", "/nothing/here")).code).toBe(2);
  });
});
