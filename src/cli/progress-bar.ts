/** A progress bar on standard error, for people only: nothing is written unless it is a terminal. */

/** Shows how far a long run is. */
export interface ProgressBar {
  /** Share done, in [0, 1], and a few words. */
  readonly show: (share: number, words: string) => void;
  /** Takes the bar away. */
  readonly clear: () => void;
}

const WIDTH = 30;
/** Repainting more often than this only costs time. */
const LEAST_MILLISECONDS = 100;

/** A bar on a stream. */
export function progressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  let paintedAt = -Infinity;
  return {
    show: (share, words) => {
      const now = performance.now();
      if (now - paintedAt < LEAST_MILLISECONDS) return;
      paintedAt = now;
      stream.write(`\r\u001b[2K${barText(share)} ${words}`);
    },
    clear: () => {
      stream.write("\r\u001b[2K");
    },
  };
}

/** "[=====     ]  50 %". */
export function barText(share: number): string {
  const done = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  return `[${"=".repeat(done)}${" ".repeat(WIDTH - done)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}
