import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergedById, placeOfId, sortedById } from "../../src/domain/ids.ts";

const ids = fc.uniqueArray(fc.stringMatching(/^[a-cA-C0-2-]{1,3}$/), { maxLength: 40 });

describe("ids in order", () => {
  it("merges what comes into what is sorted as if all were sorted again", () => {
    fc.assert(
      fc.property(ids, fc.nat(40), (all, split) => {
        const items = all.map((id) => ({ id }));
        const sorted = sortedById(items.slice(0, split));
        expect(mergedById(sorted, items.slice(split))).toEqual(sortedById(items));
      }),
    );
  });

  it("finds the place of an id, whether it is there or not", () => {
    fc.assert(
      fc.property(ids, fc.string({ maxLength: 3 }), (all, id) => {
        const sorted = sortedById(all.map((known) => ({ id: known })));
        expect(placeOfId(sorted, id)).toBe(sorted.filter((item) => item.id < id).length);
      }),
    );
  });
});
