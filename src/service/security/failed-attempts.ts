/** Counts failed authentications by address, so that guessing does not load the store. */

/** How many failures an address may have within a window. */
export interface FailureLimits {
  readonly mostFailures: number;
  readonly windowSeconds: number;
}

/** A person mistypes a few times; a program with a revoked key should slow down. */
export const FAILURE_LIMITS: FailureLimits = { mostFailures: 20, windowSeconds: 60 };

/** Addresses remembered at most: an attacker with many addresses must not fill the memory. */
const MOST_ADDRESSES = 10_000;

interface Window {
  readonly startedAtSeconds: number;
  readonly failureCount: number;
}

/** The failures of the last window, by address. */
export class FailedAttempts {
  readonly #limits: FailureLimits;
  readonly #windows = new Map<string, Window>();

  constructor(limits: FailureLimits = FAILURE_LIMITS) {
    this.#limits = limits;
  }

  /** Seconds until an address may try again; 0 when it may now. */
  waitSeconds(address: string, nowSeconds: number): number {
    const window = this.#current(address, nowSeconds);
    if (window === undefined || window.failureCount < this.#limits.mostFailures) return 0;
    return window.startedAtSeconds + this.#limits.windowSeconds - nowSeconds;
  }

  /** Notes a failure. */
  note(address: string, nowSeconds: number): void {
    const window = this.#current(address, nowSeconds);
    // Deleted first, so that the map stays in the order of the latest failure.
    this.#windows.delete(address);
    this.#windows.set(address, {
      startedAtSeconds: window?.startedAtSeconds ?? nowSeconds,
      failureCount: (window?.failureCount ?? 0) + 1,
    });
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= MOST_ADDRESSES) break;
      this.#windows.delete(oldest);
    }
  }

  #current(address: string, nowSeconds: number): Window | undefined {
    const window = this.#windows.get(address);
    return window !== undefined && nowSeconds < window.startedAtSeconds + this.#limits.windowSeconds
      ? window
      : undefined;
  }
}
