import type { Server } from "node:http";

/** How a server ends. */
export interface ServerDrain {
  /** Stops listening; resolves when the last request under way has its answer. */
  readonly drain: () => Promise<void>;
  /** Cuts off whatever is still connected. */
  readonly abandon: () => void;
}

/**
 * The end of a server; call it before the server listens. Connections that are kept alive end after the answer that is under way:
 * `server.close()` alone would wait until their clients let go of them.
 */
export function serverDrain(server: Server): ServerDrain {
  let isDraining = false;
  server.prependListener("request", (_request, response) => {
    if (isDraining) response.setHeader("Connection", "close");
    response.once("close", () => {
      // Not at once: the connection becomes idle after this event.
      if (isDraining) setImmediate(server.closeIdleConnections.bind(server));
    });
  });
  return {
    drain: () =>
      new Promise((resolve, reject) => {
        isDraining = true;
        server.close((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeIdleConnections();
      }),
    abandon: () => {
      server.closeAllConnections();
    },
  };
}
