/** fast-check parameters: the seed is fixed, so that equal code gives equal tests; BERTH_TEST_SEED explores other problems. */
export function seeded(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns, seed: Number(process.env["BERTH_TEST_SEED"] ?? 2019) };
}
