/** Rows as they go by, on standard error and only for people. */

/** Shows how far it is. */
export interface RowProgress {
  readonly show: (tableName: string, rowCount: number) => void;
  readonly clear: () => void;
}

const LEAST_MILLISECONDS = 100;

/** Nothing is written unless the stream is a terminal. */
export function rowProgress(stream: NodeJS.WriteStream = process.stderr): RowProgress {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  let paintedAt = -Infinity;
  return {
    show: (tableName, rowCount) => {
      const now = performance.now();
      if (now - paintedAt < LEAST_MILLISECONDS) return;
      paintedAt = now;
      stream.write(`\r\u001b[2K${tableName}: ${rowCount} rows`);
    },
    clear: () => {
      stream.write("\r\u001b[2K");
    },
  };
}
