import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { createServer } from "node:http";
import { InvalidInput } from "../catalog/input-problem.ts";
import { secondsToMilliseconds } from "../domain/units.ts";
import type { Service } from "./create-service.ts";

/** Requests under way get this long to end. */
const GRACE_SECONDS = 5;

/** Where to listen; port 0 takes any free one. */
export interface ListenAddress {
  /** "127.0.0.1" unless the service is meant to be reached from outside: it asks nobody who they are. */
  readonly host: string;
  readonly port: number;
}

/** A service that can be reached. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Takes no new requests, lets those under way end, then ends planning. */
  readonly close: () => Promise<void>;
}

/** Listens; throws InvalidInput when the address cannot be used. */
export async function listen(service: Service, { host, port }: ListenAddress): Promise<Listening> {
  const server = createServer((request, response) => {
    service.app(request, response);
  });
  const bound = await bind(server, { host, port });
  const shownHost = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return {
    port: bound.port,
    url: `http://${shownHost}:${bound.port}`,
    close: async () => {
      await closeServer(server);
      await service.close();
    },
  };
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
        path: "/port",
        value: port,
        message: `port ${port} of ${host} is in use`,
        fix: "End the other process, or choose another port.",
      });
    case "EACCES":
      return unusable({
        path: "/port",
        value: port,
        message: `port ${port} needs more rights than this process has`,
        fix: "Choose a port above 1023.",
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return unusable({
        path: "/host",
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
  return new InvalidInput("listen address", [problem]);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => {
      server.closeAllConnections();
    }, secondsToMilliseconds(GRACE_SECONDS));
    server.close(() => {
      clearTimeout(impatience);
      resolve();
    });
    server.closeIdleConnections();
  });
}
