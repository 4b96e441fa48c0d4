import type { GpuPartition } from "../domain/gpu-partition.ts";

/**
 * Packs sizes into nodes of `gpuCount` GPUs, largest first, each into the first node with room. Uses the fewest nodes possible when the
 * sizes form a divisor chain; then every node but the last is full before a smaller size is begun.
 */
export function packDescending(sizes: readonly number[], gpuCount: number): readonly GpuPartition[] {
  const nodes: { parts: number[]; free: number }[] = [];
  for (const size of [...sizes].sort((a, b) => b - a)) {
    const node = nodes.find(({ free }) => free >= size);
    if (node === undefined) nodes.push({ parts: [size], free: gpuCount - size });
    else {
      node.parts.push(size);
      node.free -= size;
    }
  }
  return nodes.map(({ parts }) => parts);
}
