/**
 * Memory over 10,000 decisions in one process, worker included: fails when it grows.
 *
 *   npm run bench:memory
 *
 * The heap is measured after a forced collection; the resident set holds the worker's WASM memory too, which never shrinks but must stop growing.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadReferenceData, shippedCatalogPath } from "../src/catalog/reference-data.ts";
import { loadVmCatalog } from "../src/catalog/load-vm-catalog.ts";
import { selectRegion } from "../src/catalog/select-vm-types.ts";
import { choose } from "../src/planner/choose.ts";
import type { WarmStart } from "../src/planner/warm-start.ts";
import { highsSolver } from "../src/solver/highs-solver.ts";
import { nextEvent } from "./support/next-event.ts";
import { syntheticProblem } from "./support/synthetic-problem.ts";

const DECISIONS = 10_000;
const EVENTS_PER_PROBLEM = 20;
const SAMPLES = 10;
/** Growth from the second tenth of the run to its last; the first fills caches and compiles. */
const MOST_HEAP_GROWTH_MIB = 8;
const MOST_RESIDENT_GROWTH_MIB = 48;
const BYTES_PER_MIB = 2 ** 20;
const CATALOG = "slides-2019";

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");
const vmTypes = selectRegion(
  loadVmCatalog(shippedCatalogPath(CATALOG), loadReferenceData().gpus),
  CATALOG,
).filter(
  // Only large nodes: the problems on which the solver is asked most often.
  ({ gpuCount }) => gpuCount >= 4,
);
const inner = highsSolver({ threads: 1 });
let solves = 0;
const solver: typeof inner = {
  ...inner,
  solve: (model, limits, start) => {
    solves += 1;
    return inner.solve(model, limits, start);
  },
};
const samples: { readonly heapMib: number; readonly residentMib: number }[] = [];
for (let decision = 0; decision < DECISIONS;) {
  let problem = syntheticProblem({ nodes: 2, jobs: 8, templates: null, seed: decision + 1, vmTypes });
  let warmStart: WarmStart | null = null;
  for (let event = 0; event < EVENTS_PER_PROBLEM; event += 1, decision += 1) {
    const chosen = await choose(problem, {
      policy: "progress-value",
      solver,
      limits: { relativeGap: 1e-3, maxTreeNodes: null, deadlineSeconds: null, seed: 1 },
      warmStart,
    });
    warmStart = chosen.warmStart;
    problem = nextEvent(problem, chosen.allocation);
    if ((decision + 1) % (DECISIONS / SAMPLES) !== 0) continue;
    if (typeof collectGarbage === "function") Reflect.apply(collectGarbage, undefined, []);
    const { heapUsed, rss } = process.memoryUsage();
    samples.push({ heapMib: heapUsed / BYTES_PER_MIB, residentMib: rss / BYTES_PER_MIB });
    console.log(
      `${decision + 1} decisions, ${solves} solves: heap ${(heapUsed / BYTES_PER_MIB).toFixed(1)} MiB, resident ${(rss / BYTES_PER_MIB).toFixed(0)} MiB`,
    );
  }
}
await inner.close();
const [, early] = samples;
const late = samples.at(-1);
if (early === undefined || late === undefined) throw new Error("too few samples");
const heapGrowth = late.heapMib - early.heapMib;
const residentGrowth = late.residentMib - early.residentMib;
console.log(`growth: heap ${heapGrowth.toFixed(1)} MiB, resident ${residentGrowth.toFixed(1)} MiB`);
if (heapGrowth > MOST_HEAP_GROWTH_MIB || residentGrowth > MOST_RESIDENT_GROWTH_MIB) {
  console.error("Memory grows with decisions.");
  process.exitCode = 1;
}
