/** Has the horizons of a comparison simulated by whoever started its thread; a single one is not worth the way, and is simulated here. */
import type { MessagePort } from "node:worker_threads";
import { assertNever } from "../../domain/assert-never.ts";
import type { HorizonRunner, HorizonRuns } from "../../comparison/compare-horizons.ts";
import { oneByOne } from "../../comparison/compare-horizons.ts";
import type { SolverPort } from "../../milp/solver-port.ts";
import { horizonRunOf, horizonTaskText } from "./horizon-codec.ts";
import type { HorizonsReply, ThreadMessage } from "./start-thread.ts";

const LEAST_TASKS = 2;

/** See the file's header. Nothing cancels it but the end of the thread. */
export function spreadRunner(port: MessagePort, solver: SolverPort): HorizonRunner {
  const here = oneByOne(solver);
  return (tasks, watch) => {
    if (tasks.length < LEAST_TASKS) return here(tasks, watch);
    return new Promise<HorizonRuns>((resolve, reject) => {
      const hear = (reply: HorizonsReply): void => {
        switch (reply.kind) {
          case "share":
            watch.onShare(reply.index, reply.share);
            return;
          case "result":
            port.off("message", hear);
            resolve({ kind: "finished", runs: reply.result.map(horizonRunOf) });
            return;
          case "failed":
            port.off("message", hear);
            reject(new Error(reply.reason));
            return;
          default:
            assertNever(reply);
        }
      };
      port.on("message", hear);
      const question: ThreadMessage<never> = { kind: "horizons", inputs: tasks.map(horizonTaskText) };
      port.postMessage(question);
    });
  };
}
