import { describe, expect, it } from "vitest";
import {
  rentPerHourUsd,
  rentUsd,
  shareOfRentUsd,
  tardinessCostUsd,
  tardinessSeconds,
} from "../../src/domain/cost.ts";

describe("rent", () => {
  it("is price times duration: half an hour at 3 USD per hour is 1.50 USD", () => {
    expect(rentUsd({ pricePerHourUsd: 3, durationSeconds: 1800 })).toBeCloseTo(1.5, 12);
  });

  it("adds up over nodes, whoever uses them", () => {
    expect(rentPerHourUsd([{ pricePerHourUsd: 0.56 }, { pricePerHourUsd: 2.25 }])).toBeCloseTo(2.81, 12);
    expect(rentPerHourUsd([])).toBe(0);
  });

  it("is shared in proportion to GPUs in use, so that the shares of a node add up to its rent", () => {
    const share = (gpus: number): number =>
      shareOfRentUsd({ pricePerHourUsd: 2.25, durationSeconds: 3600, gpus, gpusInUse: 3 });
    expect(share(1)).toBeCloseTo(0.75, 12);
    expect(share(1) + share(2)).toBeCloseTo(2.25, 12);
  });
});

describe("tardiness", () => {
  const due = { dueAtSeconds: 100, tardinessCostPerSecondUsd: 0.009 };

  it("is 0 up to the due date", () => {
    expect(tardinessSeconds({ ...due, completionAtSeconds: 60 })).toBe(0);
    expect(tardinessCostUsd({ ...due, completionAtSeconds: 100 })).toBe(0);
  });

  it("grows with every second after it", () => {
    expect(tardinessSeconds({ ...due, completionAtSeconds: 350 })).toBe(250);
    expect(tardinessCostUsd({ ...due, completionAtSeconds: 350 })).toBeCloseTo(2.25, 12);
  });
});
