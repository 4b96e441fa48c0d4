/** A server that graceful-shutdown.test.ts starts as a process: it prints its port, and what happens to it. */
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { systemClock } from "../../../src/service/clock.ts";
import { serverDrain } from "../../../src/service/operations/drain-server.ts";
import { shutDownOnSignal } from "../../../src/service/operations/graceful-shutdown.ts";

const waiting: ServerResponse[] = [];
const server = createServer((request, response) => {
  if (request.url === "/until-signal") waiting.push(response);
  console.log("request");
});
shutDownOnSignal(process, {
  ...serverDrain(server),
  markUnready: () => {
    console.log("unready");
    for (const response of waiting) response.end("whole");
  },
  graceSeconds: 60,
  closing: [
    {
      name: "store",
      close: () => {
        console.log("closed store");
      },
    },
  ],
  clock: systemClock(),
  logger: pino({ level: "silent" }),
  exit: (code) => process.exit(code),
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : address);
});
