import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventHeap } from "../../src/simulator/event-heap.ts";

describe("eventHeap", () => {
  test("gives everything back by time, then priority, then order of insertion", () => {
    const entry = fc.record({
      atSeconds: fc.integer({ min: 0, max: 5 }),
      priority: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const heap = eventHeap<number>();
        entries.forEach((scheduled, item) => {
          heap.push({ ...scheduled, item });
        });
        const order = entries.map(() => heap.pop()?.item ?? -1);
        const sorted = entries
          .map((scheduled, item) => ({ ...scheduled, item }))
          .sort((a, b) => a.atSeconds - b.atSeconds || a.priority - b.priority || a.item - b.item);
        expect(order).toEqual(sorted.map(({ item }) => item));
        expect(heap.peek()).toBeUndefined();
      }),
    );
  });
});
