import { describe, expect, it } from "vitest";
import { inlineNetworkId, inlineNetworksOf, readInlineNetworks } from "../../src/catalog/inline-network.ts";
import { jobMaker } from "../../src/catalog/job-from-spec.ts";
import { jobSpecSchema } from "../../src/catalog/job-spec.ts";
import type { JobSpec } from "../../src/catalog/job-spec.ts";
import { loadReferenceData, shippedScenarioPath } from "../../src/catalog/reference-data.ts";
import { loadScenario } from "../../src/catalog/scenario.ts";
import { unitOf } from "../../src/domain/duration-table.ts";
import { jobId, networkId } from "../../src/domain/ids.ts";
import type { Job } from "../../src/domain/job.ts";
import { LAYERS, conv, withLayer } from "./tiny-network.ts";

const reference = loadReferenceData();
const { settings } = loadScenario(shippedScenarioPath("prototype-2019"), reference);
const TINY = { input: [4, 8, 8], layers: LAYERS };

const specWith = (network: unknown, epochs = 1): JobSpec =>
  jobSpecSchema.parse({
    network,
    framework: "pytorch",
    batchSize: 8,
    samples: 8000,
    epochs,
    dueAt: "2026-11-20T14:00:00Z",
    tardinessCostPerHourUsd: 1,
  });
const idOf = (network: unknown): string => [...inlineNetworksOf([specWith(network)]).keys()].join();

describe("layers given inline", () => {
  it("have an id of their content: not of the order of fields, but of every value and of the order of layers", () => {
    const turned = Object.fromEntries(Object.entries(conv).reverse());
    expect(idOf({ layers: [turned, ...LAYERS.slice(1)], input: TINY.input })).toBe(idOf(TINY));
    const others = [withLayer("conv", { bias: false }), { ...TINY, name: "tiny" }];
    expect(new Set([TINY, ...others].map(idOf)).size).toBe(3);
    expect(idOf(TINY)).toMatch(/^[0-9a-f]{32}$/);
  });

  it("are the same after they were kept and read again; what cannot be read is left out", () => {
    const networks = inlineNetworksOf([specWith(TINY), specWith("resnet50"), specWith(TINY)]);
    expect(networks.size).toBe(1);
    const kept = JSON.parse(JSON.stringify([...networks])) as [ReturnType<typeof networkId>, object][];
    const read = readInlineNetworks(new Map([...kept, [networkId("odd"), { layers: "none" }]]));
    expect(read).toEqual(networks);
    expect([...read].map(([, network]) => inlineNetworkId(network))).toEqual([...networks.keys()]);
  });

  it("are predicted once for all jobs that bring the same, and named in the job", () => {
    const make = jobMaker(reference, settings);
    const made = (spec: JobSpec): Job => {
      const result = make(spec, { id: jobId("a"), submittedAtSeconds: 0 });
      if (result.kind !== "job") throw new Error("It cannot run");
      return result.job;
    };
    const [first, again, other] = [
      specWith(TINY),
      specWith(TINY, 3),
      specWith(withLayer("conv", { bias: false })),
    ];
    const unit = (spec: JobSpec): unknown => unitOf(made(spec).durations).unit;
    expect(unit(again)).toBe(unit(first));
    expect(unit(other)).not.toBe(unit(first));
    expect(made(first).workload).toMatchObject({ networkName: "inline", networkId: idOf(TINY) });
    expect(made(specWith("resnet50")).workload).not.toHaveProperty("networkId");
  });
});
