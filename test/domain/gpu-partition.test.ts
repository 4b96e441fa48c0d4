import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  hostingPartition,
  isDivisorChain,
  maximalPartitions,
  partsAtLeast,
} from "../../src/domain/gpu-partition.ts";
import { seeded } from "../support/seed.ts";

describe("maximalPartitions", () => {
  it("counts the 22 partitions of 8 GPUs into parts of any size", () => {
    const partitions = maximalPartitions([1, 2, 3, 4, 5, 6, 7, 8], 8);
    expect(partitions).toHaveLength(22);
    expect(new Set(partitions.map(String)).size).toBe(22);
    for (const partition of partitions) expect(partition.reduce((a, b) => a + b, 0)).toBe(8);
  });

  it.each([
    { gpuCount: 4, expected: ["2,2", "3"] },
    { gpuCount: 5, expected: ["3,2"] },
    // 2+2+2 is gone: 3+2+2 hosts whatever it hosts. 3+3 stays: it alone has two parts of 3.
    { gpuCount: 7, expected: ["3,2,2", "3,3"] },
    { gpuCount: 8, expected: ["2,2,2,2", "3,3,2"] },
  ])(
    "for parts of 2 and 3 in $gpuCount GPUs leaves those that no other one dominates",
    ({ gpuCount, expected }) => {
      expect(maximalPartitions([2, 3], gpuCount).map(String).sort()).toEqual(expected);
    },
  );

  it("ignores sizes larger than the node and repeated ones", () => {
    expect(maximalPartitions([2, 2, 16], 4)).toEqual([[2, 2]]);
  });

  it("is empty when no size fits", () => {
    expect(maximalPartitions([], 4)).toEqual([]);
    expect(maximalPartitions([8], 4)).toEqual([]);
  });

  it("hosts by counting exactly what really fits", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 8 }),
        (gpuCount, drawn, picks) => {
          const sizes = drawn.filter((size) => size <= gpuCount);
          const jobs = sizes.length === 0 ? [] : picks.map((pick) => sizes[pick % sizes.length] ?? 1);
          const fits = jobs.reduce((total, size) => total + size, 0) <= gpuCount;
          const hosted = hostingPartition(maximalPartitions(sizes, gpuCount), jobs) !== undefined;
          if (jobs.length > 0) expect(hosted).toBe(fits);
        },
      ),
      seeded(3000),
    );
  });
});

describe("the counting condition over several nodes", () => {
  it("holds exactly when a real packing into the partitions exists", () => {
    const partition = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(partition, { minLength: 1, maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 }),
        (partitions, jobs) => {
          const parts = partitions.flat();
          const counted = [1, 2, 3, 4, 5].every(
            (size) => partsAtLeast(jobs, size) <= partsAtLeast(parts, size),
          );
          expect(counted).toBe(fitsOneToOne(parts, jobs));
        },
      ),
      seeded(3000),
    );
  });
});

describe("isDivisorChain", () => {
  it.each([
    [[1, 2, 4], 8, true],
    [[2], 8, true],
    [[1, 3], 6, true],
    [[1, 3], 8, false],
    [[2, 3], 6, false],
    [[], 8, true],
  ])("says of %j in %i GPUs: %s", (sizes, gpuCount, expected) => {
    expect(isDivisorChain(sizes, gpuCount)).toBe(expected);
  });

  it("is what makes capacity alone exact: sizes that fit in sum fit in nodes", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(2, 3, 4),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.nat({ max: 3 }), { maxLength: 6 }),
        (drawn, gpuCount, nodes, picks) => {
          const sizes = drawn.filter((size) => size <= gpuCount);
          if (sizes.length === 0 || !isDivisorChain(sizes, gpuCount)) return;
          const jobs = picks.map((pick) => sizes[pick % sizes.length] ?? 1);
          const fits = jobs.reduce((total, size) => total + size, 0) <= gpuCount * nodes;
          expect(packs(jobs, new Array<number>(nodes).fill(gpuCount))).toBe(fits);
        },
      ),
      seeded(2000),
    );
  });
});

/** Brute force: every way to give each job a part of its own that is large enough. */
function fitsOneToOne(parts: readonly number[], jobs: readonly number[]): boolean {
  const [job, ...rest] = jobs;
  if (job === undefined) return true;
  return parts.some((part, index) => part >= job && fitsOneToOne(parts.toSpliced(index, 1), rest));
}

/** Brute force: every way to put each job into a node with room. */
function packs(jobs: readonly number[], free: readonly number[]): boolean {
  const [job, ...rest] = jobs;
  if (job === undefined) return true;
  return free.some((room, index) => room >= job && packs(rest, free.with(index, room - job)));
}
