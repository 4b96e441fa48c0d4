/** Words for configurations, times and changes in reasons; reasons are data of the answer, so that they are made here and not in a view. */
import type { VmTypeId } from "../domain/ids.ts";
import { SECONDS_PER_HOUR } from "../domain/units.ts";

/** "2 GPUs of Standard_NV24". */
export const configurationWords = ({
  vmTypeId,
  gpus,
}: {
  readonly vmTypeId: VmTypeId;
  readonly gpus: number;
}): string => `${gpus} GPU${gpus === 1 ? "" : "s"} of ${vmTypeId}`;

/** Seconds as hours and minutes, "1:05 h"; below a minute as "40 s". */
export function timeWords(seconds: number): string {
  if (seconds < 0) return `−${timeWords(-seconds)}`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / (SECONDS_PER_HOUR / 60));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

/** A price, or another amount, in USD with as many digits as it needs. */
export const usdWords = (usd: number): string =>
  usd !== 0 && Math.abs(usd) < 0.1 ? usd.toPrecision(2) : usd.toFixed(2);

/** "30 % lower", "5 % higher". */
export function relativeWords(from: number, to: number): string {
  const percent = Math.abs((to - from) / from) * 100;
  const shown = percent < 10 && !Number.isInteger(percent) ? percent.toPrecision(2) : percent.toFixed(0);
  return `${shown} % ${to < from ? "lower" : "higher"}`;
}

/** "all 3 that may be rented are", as the end of a sentence about nodes. */
export function allRentedWords(maxNodes: number): string {
  if (maxNodes === 0) return "none may be rented";
  return maxNodes === 1 ? "the only one that may be rented is" : `all ${maxNodes} that may be rented are`;
}

/** Whether two amounts are equal but for rounding. */
export const isSameAmount = (a: number, b: number): boolean =>
  Math.abs(a - b) <= SAME_AMOUNT * Math.max(1, Math.abs(a), Math.abs(b));

/** Relative difference below which two objectives or amounts are equal: rounding of floating point. */
const SAME_AMOUNT = 1e-9;
