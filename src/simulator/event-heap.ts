/** A binary heap of what will happen, earliest first; at equal times the lower priority, then what was put in first. */

/** Something that happens at a time. */
export interface Scheduled<Item> {
  readonly atSeconds: number;
  /** Lower comes first among equal times. */
  readonly priority: number;
  readonly item: Item;
}

/** See the file's header. `push` and `pop` take logarithmic time. */
export interface EventHeap<Item> {
  readonly push: (entry: Scheduled<Item>) => void;
  /** The next entry, left in place; undefined when there is none. */
  readonly peek: () => Scheduled<Item> | undefined;
  /** The next entry, taken out; undefined when there is none. */
  readonly pop: () => Scheduled<Item> | undefined;
  readonly size: () => number;
}

interface Entry<Item> extends Scheduled<Item> {
  readonly sequence: number;
}

/** An empty heap. */
export function eventHeap<Item>(): EventHeap<Item> {
  const entries: Entry<Item>[] = [];
  let sequence = 0;

  const swap = (a: number, b: number): void => {
    const first = entries[a];
    const second = entries[b];
    if (first === undefined || second === undefined) return;
    entries[a] = second;
    entries[b] = first;
  };
  const precedes = (a: number, b: number): boolean => {
    const first = entries[a];
    const second = entries[b];
    return first !== undefined && second !== undefined && isBefore(first, second);
  };
  const rise = (start: number): void => {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!precedes(index, parent)) return;
      swap(index, parent);
      index = parent;
    }
  };
  const sink = (): void => {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = precedes(left + 1, left) ? left + 1 : left;
      if (!precedes(child, index)) return;
      swap(index, child);
      index = child;
    }
  };

  return {
    push: (entry) => {
      entries.push({ ...entry, sequence: sequence++ });
      rise(entries.length - 1);
    },
    peek: () => entries[0],
    pop: () => {
      swap(0, entries.length - 1);
      const first = entries.pop();
      sink();
      return first;
    },
    size: () => entries.length,
  };
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  if (a.atSeconds !== b.atSeconds) return a.atSeconds < b.atSeconds;
  return a.priority !== b.priority ? a.priority < b.priority : a.sequence < b.sequence;
}
