/** Numbers and tables as a README shows them. */

/** The q-quantile by nearest rank; throws on an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("A quantile needs at least one value");
  return value;
}

/** Seconds as "12 ms" or "3.4 s". */
export function millisecondsText(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}

/** A share as a percentage with two digits; "0" only for exactly 0. */
export function shareText(share: number): string {
  if (share === 0) return "0";
  return share < 1e-6 ? "< 0.0001 %" : `${(100 * share).toPrecision(2)} %`;
}

/** A Markdown table. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
