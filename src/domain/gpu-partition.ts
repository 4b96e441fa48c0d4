/**
 * GPU partitions: the ways to cut a node's GPUs into parts, each for one job.
 * A part may host a job that needs fewer GPUs, so only maximal partitions matter: those that no other one dominates,
 * where q dominates p when q has at least as many parts of size ≥ s as p for every s. Nested sizes make the counting
 * condition exact (Hall's marriage condition on nested neighbourhoods).
 */

/** Part sizes of one node, largest first. */
export type GpuPartition = readonly number[];

/** A_qs: number of parts of the partition that are at least `size` GPUs. */
export function partsAtLeast(partition: GpuPartition, size: number): number {
  return partition.reduce((count, part) => (part >= size ? count + 1 : count), 0);
}

/** Whether each size divides the next larger one and the largest divides the node: then parts of any mix fill a node without loss. */
export function isDivisorChain(sizes: readonly number[], gpuCount: number): boolean {
  const ascending = [...new Set([...sizes, gpuCount])].sort((a, b) => a - b);
  return ascending.every((size, index) => {
    const next = ascending[index + 1];
    return next === undefined || next % size === 0;
  });
}

/** Maximal partitions of a node of `gpuCount` GPUs into parts of the given sizes (each in 1..gpuCount), largest part first. */
export function maximalPartitions(sizes: readonly number[], gpuCount: number): readonly GpuPartition[] {
  const descending = [...new Set(sizes)].filter((size) => size <= gpuCount).sort((a, b) => b - a);
  const all: number[][] = [];
  const extend = (parts: number[], from: number, left: number): void => {
    let extended = false;
    for (let index = from; index < descending.length; index += 1) {
      const size = descending[index];
      if (size === undefined || size > left) continue;
      extended = true;
      extend([...parts, size], index, left - size);
    }
    if (!extended && parts.length > 0) all.push(parts);
  };
  extend([], 0, gpuCount);
  return all.filter(
    (partition) => !all.some((other) => other !== partition && hosts(other, partition, descending)),
  );
}

/** Whether one partition can host, size by size, all parts of another. */
function hosts(partition: GpuPartition, parts: readonly number[], sizes: readonly number[]): boolean {
  return sizes.every((size) => partsAtLeast(partition, size) >= partsAtLeast(parts, size));
}

/** The first partition that can host parts of the given sizes, if any. */
export function hostingPartition(
  partitions: readonly GpuPartition[],
  parts: readonly number[],
): GpuPartition | undefined {
  const sizes = [...new Set(parts)];
  return partitions.find((partition) => hosts(partition, parts, sizes));
}
