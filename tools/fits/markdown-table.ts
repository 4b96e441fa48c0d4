/** A Markdown table of cells that are text already. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A number with so many digits after the point. */
export const fixed = (value: number, digits: number): string => value.toFixed(digits);
