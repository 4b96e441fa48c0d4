/**
 * How long the durations of one network take over a large catalogue: a 150-layer network on 30 VM types × 8 GPU counts.
 *   npm run bench:estimate
 * Each round prices a network object never seen before, as a new job is; what is kept between jobs (scaled fits) is warm.
 */
import { loadReferenceData } from "../src/catalog/reference-data.ts";
import { vmTypeId } from "../src/domain/ids.ts";
import type { VmType } from "../src/domain/vm-type.ts";
import { predictDurations } from "../src/performance/duration-table.ts";
import type { Layer, Network } from "../src/performance/network.ts";
import { quantile } from "../src/performance/prediction-error.ts";

const LAYERS = 150;
const VM_TYPES = 30;
const GPUS_PER_VM = 8;
const ROUNDS = 60;
const TARGET_MILLISECONDS = 5;

const reference = loadReferenceData();
const gpus = reference.gpus.filter((gpu) => gpu.memoryGib >= 8);
const vmTypes = Array.from({ length: VM_TYPES }, (_, index): VmType => {
  const gpu = gpus[index % gpus.length];
  if (gpu === undefined) throw new Error("models/gpus.json lists no GPU of 8 GiB.");
  return {
    id: vmTypeId(`vm-${String(index).padStart(2, "0")}`),
    gpuType: gpu.name,
    gpuCount: GPUS_PER_VM,
    gpuShare: 1,
    gpuMemoryGib: gpu.memoryGib,
    vcpuCount: null,
    memoryGib: null,
    pricePerHourUsd: 1 + index,
    region: "bench",
    family: null,
    quotaNodes: null,
  };
});

/** ResNet-50 cut to, or continued to, the wanted number of layers; objects of its own. */
function freshNetwork(round: number): Network {
  const resnet = reference.networks.get("resnet50");
  if (resnet === undefined) throw new Error("models/networks lacks resnet50.");
  const layers = Array.from({ length: LAYERS }, (_, index): readonly Layer[] => {
    const layer = resnet.layers[index % resnet.layers.length];
    return layer === undefined ? [] : [{ ...layer, name: `${layer.name}-${round}-${index}` }];
  }).flat();
  return { ...resnet, name: `bench-${round}`, layers };
}

function milliseconds(round: number): { readonly elapsed: number; readonly entries: number } {
  const network = freshNetwork(round);
  const workload = {
    networkName: network.name,
    framework: "tensorflow",
    batchSize: 64,
    samples: 100_000,
    epochs: 1,
  } as const;
  const start = performance.now();
  const table = predictDurations({ ...reference, network, workload, vmTypes });
  return { elapsed: performance.now() - start, entries: table.entries.length + table.missing.length };
}

const rounds = Array.from({ length: ROUNDS }, (_, round) => milliseconds(round));
const cold = rounds[0];
const warm = rounds.slice(ROUNDS / 3).map(({ elapsed }) => elapsed);
console.log(
  `${LAYERS} layers, ${VM_TYPES} VM types × ${GPUS_PER_VM} GPU counts, ${cold?.entries ?? 0} configurations: ` +
    `first ${cold?.elapsed.toFixed(1) ?? "–"} ms, then median ${quantile(warm, 0.5).toFixed(2)} ms, ` +
    `90th percentile ${quantile(warm, 0.9).toFixed(2)} ms, best ${Math.min(...warm).toFixed(2)} ms (target: under ${TARGET_MILLISECONDS} ms)`,
);
