import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { exportStore } from "../../src/store/portable/export-store.ts";
import type { Store } from "../../src/store/store.ts";

/** All that `berth export` writes of a store. */
export async function exportedStore(store: Store): Promise<string> {
  const lines = new PassThrough();
  const whole = text(lines);
  await exportStore(store, lines, () => undefined);
  lines.end();
  return whole;
}

/** Its lines, as `berth import` reads them. */
export async function* linesOf(whole: string): AsyncGenerator<string> {
  await Promise.resolve();
  for (const line of whole.split("\n")) if (line !== "") yield line;
}
