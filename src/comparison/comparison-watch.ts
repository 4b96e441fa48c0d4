/** How a long comparison tells how far it is and asks whether anybody still wants it. */

/** Whoever waits for a comparison. */
export interface ComparisonWatch {
  /** Share done, in [0, 1], and what is being done. */
  readonly onProgress?: (share: number, words: string) => void;
  /** Asked between variants; a simulation that runs is not interrupted. */
  readonly isCancelled?: () => boolean;
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
