/** Tells now and then how deep the queue is: reading the metrics costs the database nothing then, however often it is done. */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { withinSeconds } from "../operations/within-seconds.ts";
import type { Queue, QueueDepth } from "../queue/open-queue.ts";
import type { RepeatedRounds } from "./repeated-rounds.ts";
import { repeatedRounds } from "./repeated-rounds.ts";

const EVERY_SECONDS = 10;
const LIMIT_SECONDS = 5;

/** Starts to. `onDepths` hears null when the queue does not answer. */
export function measureQueue(options: {
  readonly queue: Pick<Queue, "depths">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDepths: (depths: readonly QueueDepth[] | null) => void;
}): RepeatedRounds {
  const { queue, clock, logger, onDepths } = options;
  return repeatedRounds({
    name: "measure the queue",
    everySeconds: EVERY_SECONDS,
    clock,
    logger,
    round: async () => {
      try {
        onDepths(await withinSeconds(LIMIT_SECONDS, queue.depths()));
      } catch (error) {
        onDepths(null);
        throw error;
      }
    },
  });
}
