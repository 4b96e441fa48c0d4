import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/service/clock.ts";

const DAY_SECONDS = 86_400;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("system clock", () => {
  it("gives the machine's time, or goes on from another", () => {
    expect(systemClock().nowSeconds()).toBe(1000);
    const replay = systemClock({ startAtSeconds: 50 });
    vi.advanceTimersByTime(2500);
    expect(replay.nowSeconds()).toBe(52.5);
  });

  it("calls back once after the delay, unless it is called off", () => {
    const called: string[] = [];
    const clock = systemClock();
    clock.after(10, () => called.push("kept"));
    const callOff = clock.after(10, () => called.push("called off"));
    callOff();
    vi.advanceTimersByTime(9_999);
    expect(called).toEqual([]);
    vi.advanceTimersByTime(20_001);
    expect(called).toEqual(["kept"]);
  });

  it("calls early, not at once, where the delay is longer than a timer holds", () => {
    const call = vi.fn();
    systemClock().after(60 * DAY_SECONDS, call);
    vi.advanceTimersByTime(20 * DAY_SECONDS * 1000);
    expect(call).not.toHaveBeenCalled();
    vi.advanceTimersByTime(40 * DAY_SECONDS * 1000);
    expect(call).toHaveBeenCalledOnce();
  });
});
