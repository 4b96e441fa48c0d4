/** The cluster that campaigns begin with: large enough that decisions take a while, with one job so that there is a plan. */

/** A scenario file. */
export function scenarioText({ maxNodes }: { readonly maxNodes: number }): string {
  return JSON.stringify({
    name: "campaign",
    about: "A cluster for campaigns of faults and load.",
    source: "made up for tests",
    catalog: { name: "slides-2019", region: "slides-2019" },
    maxNodes,
    replanIntervalSeconds: 3600,
    jobs: [
      {
        id: "JJ1",
        submittedAt: "2026-01-01T09:00:00Z",
        network: "resnet50",
        framework: "pytorch",
        samples: 130_000,
        epochs: 2,
        batchSize: 64,
        dueAt: "2026-01-01T12:00:00Z",
        tardinessCostPerHourUsd: 32.4,
      },
    ],
  });
}
