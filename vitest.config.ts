import { availableParallelism } from "node:os";
import { BaseSequencer } from "vitest/node";
import type { TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

/** What takes longest comes first, so that no worker is left with it at the end. */
const LONGEST = [
  "/spread-comparisons.",
  "/end-to-end/",
  "/spread-",
  "/fuzz.",
  "/properties/",
  "/test/store/",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((part) => moduleId.includes(part));
      return found === -1 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Vitest would leave one core for itself, which on a machine of two means one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // The files that a worker runs share the modules that they import; so each file puts back what it changes in them.
    isolate: false,
    // For machines that are slow or busy: time decides no test.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
