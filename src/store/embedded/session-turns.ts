/** Who may use the one session next: first come, first served, and whoever holds a transaction keeps the turn. */

/** Somebody who uses the session in turns. */
export interface TurnTaker {
  /** Does one piece of work; "held" keeps the turn until this taker asks again, "free" passes it on. */
  readonly takeTurn: () => Promise<"held" | "free">;
}

/** The queue in front of the session. `onFailure` hears what a turn throws; no turn follows it. */
export class SessionTurns {
  /** A set keeps the order in which its entries came, and each taker waits at most once. */
  readonly #waiting = new Set<TurnTaker>();
  readonly #onFailure: (error: unknown) => void;
  #holder: TurnTaker | null = null;
  #running = false;
  #failed = false;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Asks for a turn. */
  request(taker: TurnTaker): void {
    this.#waiting.add(taker);
    if (this.#running || this.#failed) return;
    this.#running = true;
    void this.#run();
  }

  /** Whether nobody works, waits or holds the turn. */
  get idle(): boolean {
    return !this.#running && this.#holder === null && this.#waiting.size === 0;
  }

  async #run(): Promise<void> {
    try {
      for (let taker = this.#next(); taker !== null; taker = this.#next()) {
        this.#waiting.delete(taker);
        this.#holder = (await taker.takeTurn()) === "held" ? taker : null;
      }
    } catch (error) {
      this.#failed = true;
      this.#onFailure(error);
    } finally {
      this.#running = false;
    }
  }

  #next(): TurnTaker | null {
    if (this.#holder !== null) return this.#waiting.has(this.#holder) ? this.#holder : null;
    const [first] = this.#waiting;
    return first ?? null;
  }
}
