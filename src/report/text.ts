/** Numbers and tables as text for people. */
import Table from "cli-table3";
import { Duration } from "luxon";
import { secondsToMilliseconds } from "../domain/units.ts";

/** 3725 s as "1:02:05" (hours, minutes, seconds); a duration below a minute keeps its significant digits. */
export function durationText(seconds: number): string {
  if (seconds < 1) return `${secondsToMilliseconds(seconds).toPrecision(3)} ms`;
  if (seconds < 60) return `${seconds.toPrecision(3)} s`;
  return Duration.fromMillis(secondsToMilliseconds(Math.round(seconds))).toFormat("h:mm:ss");
}

/** USD with cents, or with more digits where cents would say 0.00. */
export function usdText(usd: number): string {
  return usd !== 0 && Math.abs(usd) < 0.1 ? usd.toPrecision(2) : usd.toFixed(2);
}

/** A table with a header line and no colours, so that it reads the same in a file. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
