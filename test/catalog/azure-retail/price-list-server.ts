/** A server that answers as Azure's retail price list does, on a free port of this machine. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type { WebPort } from "../../../src/catalog/retried-download.ts";

/** The time of every import in tests. */
export const IMPORTED_AT_SECONDS = Date.UTC(2026, 10, 21, 9, 30) / 1000;

/** One answer; a body that is an object is sent as JSON. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Break the connection after this many characters of the body, having announced all of it. */
  readonly breakAfter?: number;
  /** Never answer. */
  readonly silent?: boolean;
}

/** A running server and what it was asked. */
export interface PriceListServer {
  readonly url: string;
  /** Decoded query strings in order. */
  readonly queries: readonly string[];
  readonly close: () => Promise<void>;
}

/** Answers each request with what `answer` makes of its decoded query and its number, from 0. */
export async function priceListServer(
  answer: (query: string, request: number) => Answer,
): Promise<PriceListServer> {
  const queries: string[] = [];
  const server = createServer((request, response) => {
    const query = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").search.slice(1));
    const { status = 200, headers = {}, body = "", breakAfter, silent } = answer(query, queries.length);
    queries.push(query);
    if (silent === true) return;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    if (breakAfter === undefined) {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
      return;
    }
    response.writeHead(status, { ...headers, "content-length": text.length });
    response.write(text.slice(0, breakAfter), () => {
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = addressOf(server.address());
  return {
    url: `http://127.0.0.1:${port}/api/retail/prices`,
    queries,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** A page of this folder. */
export function page(name: "eastus-1" | "eastus-2" | "westeurope"): Record<string, unknown> {
  const text = readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8");
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** Answers with the pages of this folder, as the service would. */
export function recordedPages(query: string): Answer {
  if (query.includes("'westeurope'")) return { body: page("westeurope") };
  if (!query.includes("'eastus'")) return { body: { ...page("westeurope"), Items: [], Count: 0 } };
  return { body: page(query.includes("$skip=10") ? "eastus-2" : "eastus-1") };
}

/** The real network with a clock that stands still and pauses that are only noted. */
export function webWithoutPauses(): { readonly web: WebPort; readonly pausesSeconds: readonly number[] } {
  const pausesSeconds: number[] = [];
  return {
    pausesSeconds,
    web: {
      fetch: globalThis.fetch,
      waitSeconds: (seconds) => {
        pausesSeconds.push(seconds);
        return Promise.resolve();
      },
      nowSeconds: () => IMPORTED_AT_SECONDS,
    },
  };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address;
}
