/** How a long comparison tells how far it is and asks whether anybody still wants it. */

/** Whoever waits for a comparison. */
export interface ComparisonWatch {
  /** Share done, in [0, 1], and what is being done. */
  readonly onProgress?: (share: number, words: string) => void;
  /** Asked between variants, and after every decision of a horizon. */
  readonly isCancelled?: () => boolean;
  /** Awaited before it is asked: lets whoever shares the thread work, for example with `setImmediate`. Without it a comparison keeps the thread. */
  readonly pause?: () => Promise<void>;
}

/** Lets others work, and says whether the comparison is still wanted. */
export async function isStopped({ pause, isCancelled }: ComparisonWatch): Promise<boolean> {
  await pause?.();
  return isCancelled?.() ?? false;
}

/** Nobody waits, nobody cancels. */
export const UNWATCHED: ComparisonWatch = {};

/** The progress of one part of the work, from one share of the whole to another. */
export function watchPart(watch: ComparisonWatch, from: number, to: number): ComparisonWatch {
  const { onProgress } = watch;
  if (onProgress === undefined) return watch;
  return {
    ...watch,
    onProgress: (share, words) => {
      onProgress(from + share * (to - from), words);
    },
  };
}
