/** A self-contained page: no script, no font, no picture from elsewhere. */
import { escaped } from "./svg.ts";

const STYLE = `
:root { color-scheme: light; --ink: #1d2530; --faint: #66707d; --line: #d8dde3; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); background: #fff; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); }
p.about { color: var(--faint); margin: 0 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; margin: .6rem 0; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { color: var(--faint); font-weight: 600; white-space: normal; vertical-align: bottom; }
tr.best td { font-weight: 600; background: #eef6f1; }
.wide { overflow-x: auto; }
figure { margin: 1rem 0 1.6rem; } figcaption { font-weight: 600; }
.legend { margin: .2rem 0; font-size: 13px; } .legend span { margin-right: 1.2rem; white-space: nowrap; } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
svg { width: 100%; height: auto; font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--faint); }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .node { opacity: .28; } svg .held { opacity: .6; } svg .job { fill: var(--ink); font-size: 11px; pointer-events: none; }
`;

/** The page; `body` is HTML already. */
export function htmlPage({
  title,
  body,
}: {
  readonly title: string;
  readonly body: readonly string[];
}): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body>
${body.join("\n")}
</body>
</html>
`;
}

/** A table; rows named in `best` are set off. */
export function htmlTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  best: ReadonlySet<number> = new Set(),
): string {
  const head = heads.map((text) => `<th scope="col">${escaped(text)}</th>`).join("");
  const body = rows
    .map((cells, index) => {
      const kind = best.has(index) ? ' class="best"' : "";
      return `<tr${kind}>${cells.map((text) => `<td>${escaped(text)}</td>`).join("")}</tr>`;
    })
    .join("\n");
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
