/** One comparison in a thread of its own: it keeps nobody waiting, and whoever started it ends it by ending the thread. */
import { workerData } from "node:worker_threads";
import { loadReferenceData } from "../../catalog/reference-data.ts";
import { answerFromThread } from "./answer-from-thread.ts";
import { compareInput } from "./compare-input.ts";
import { keptInput } from "./comparison-input.ts";
import { spreadRunner } from "./spread-runner.ts";

await answerFromThread(({ solver, port, onProgress }) =>
  compareInput(
    keptInput(workerData as object),
    { reference: loadReferenceData(), solver, run: spreadRunner(port, solver) },
    { onProgress },
  ),
);
