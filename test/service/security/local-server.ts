/** A server on a free port of 127.0.0.1, for tests of middleware. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { once } from "node:events";
import express from "express";
import type { Express } from "express";
import { pino } from "pino";
import { errorHandler } from "../../../src/service/error-handler.ts";

export interface LocalServer {
  readonly port: number;
  readonly url: string;
  readonly server: Server;
  readonly close: () => Promise<void>;
}

/** Listens with a handler. */
export async function serve(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    server,
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves an app whose middleware `mount` adds; problems are answered as the service answers them. */
export async function serveApp(mount: (app: Express) => void): Promise<LocalServer> {
  const app = express();
  mount(app);
  app.use(errorHandler(pino({ level: "silent" })));
  return serve((request, response) => {
    app(request, response);
  });
}
