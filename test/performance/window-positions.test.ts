import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { windowPositions, type WindowAxis } from "../../src/performance/window-positions.ts";

/** Windows on the padded axis, counted by walking along it; the window fits at least once. */
function walk({ size, kernel, stride, paddingBefore, paddingAfter }: WindowAxis) {
  const padded = size + paddingBefore + paddingAfter;
  const starts = Array.from({ length: padded }, (_, index) => index * stride);
  const floor = starts.filter((start) => start + kernel <= padded).length;
  // One more window is kept while the one before has not reached the end, if it sees more than the padding after.
  const previousFallsShort = (start: number): boolean => start === 0 || start - stride + kernel < padded;
  const ceil = starts.filter((start) => previousFallsShort(start) && start < size + paddingBefore).length;
  return { floor, ceil };
}

describe("windowPositions", () => {
  it("gives the sizes of known layers", () => {
    const alexnetConv1 = { size: 227, kernel: 11, stride: 4, paddingBefore: 0, paddingAfter: 0 };
    expect(windowPositions(alexnetConv1, "floor")).toBe(55);
    // GoogLeNet's first pooling halves 112 under Caffe's rounding only.
    const googlenetPool1 = { size: 112, kernel: 3, stride: 2, paddingBefore: 0, paddingAfter: 0 };
    expect(windowPositions(googlenetPool1, "floor")).toBe(55);
    expect(windowPositions(googlenetPool1, "ceil")).toBe(56);
  });

  it("leaves out a window that would start in the padding after the last element", () => {
    // Windows of 2 start at −1, 1 and 3; the elements are 0, 1 and 2.
    const axis = { size: 3, kernel: 2, stride: 2, paddingBefore: 1, paddingAfter: 1 };
    expect(windowPositions(axis, "ceil")).toBe(2);
  });

  it("is below 1 when the window does not fit", () => {
    const axis = { size: 3, kernel: 7, stride: 1, paddingBefore: 0, paddingAfter: 0 };
    expect(windowPositions(axis, "floor")).toBeLessThan(1);
    expect(windowPositions(axis, "ceil")).toBeLessThan(1);
  });

  it("counts what a walk along the axis counts", () => {
    const axis = fc.record({
      size: fc.integer({ min: 1, max: 40 }),
      kernel: fc.integer({ min: 1, max: 9 }),
      stride: fc.integer({ min: 1, max: 5 }),
      paddingBefore: fc.integer({ min: 0, max: 4 }),
      paddingAfter: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(axis, (window) => {
        fc.pre(window.kernel <= window.size + window.paddingBefore + window.paddingAfter);
        const counted = { floor: windowPositions(window, "floor"), ceil: windowPositions(window, "ceil") };
        expect(counted).toEqual(walk(window));
      }),
    );
  });
});
