import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { Express } from "express";
import { InvalidInput } from "../catalog/input-problem.ts";

/** Where to listen; port 0 takes any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A service that can be reached. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
}

/** Longer than proxies and clients keep an idle connection as a rule: else one that is closed here just when they use it again loses their request. */
const KEEP_ALIVE_MILLISECONDS = 75_000;

/** Listens; throws InvalidInput when the address cannot be used. */
export async function listen(app: Express, { host, port }: ListenAddress): Promise<Listening> {
  const server = createServer((request, response) => {
    app(request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
  const bound = await bind(server, { host, port });
  const shownHost = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return { server, port: bound.port, url: `http://${shownHost}:${bound.port}` };
}

function bind(server: Server, { host, port }: ListenAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(cannotListen({ host, port }, error));
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("The server has no port"));
      else resolve(address);
    });
  });
}

function cannotListen({ host, port }: ListenAddress, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return unusable({
        path: "/PORT",
        value: port,
        message: `port ${port} of ${host} is in use`,
        fix: "End the other process, or choose another port.",
      });
    case "EACCES":
      return unusable({
        path: "/PORT",
        value: port,
        message: `port ${port} needs more rights than this process has`,
        fix: "Choose a port above 1023.",
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return unusable({
        path: "/BERTH_HOST",
        value: host,
        message: "this machine does not have the address",
        fix: "Use 127.0.0.1.",
      });
    case undefined:
    default:
      return error;
  }
}

function unusable(problem: {
  path: string;
  value: string | number;
  message: string;
  fix: string;
}): InvalidInput {
  return new InvalidInput("environment", [problem]);
}
