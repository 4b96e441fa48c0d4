import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Vitest would leave one core for itself, which on a machine of two means one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The files that a worker runs share the modules that they import; so each file puts back what it changes in them.
    isolate: false,
    // For machines that are slow or busy: time decides no test.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
