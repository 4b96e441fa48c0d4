/** A log-log scatter plot of predicted over measured milliseconds, as SVG text. */

/** Points of one colour. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly measured: number; readonly predicted: number }[];
}

const SIZE = 420;
const MARGIN = 52;
const LEGEND = 130;
const COLOURS = ["#1b6ca8", "#d1495b", "#66a182", "#edae49", "#8d5a97", "#2e4057", "#8c6d46", "#5f7a8c"];

/** The plot; the line is predicted = measured, the band a factor of 1.2 to either side. */
export function scatterSvg(title: string, series: readonly Series[]): string {
  const values = series.flatMap(({ points }) =>
    points.flatMap(({ measured, predicted }) => [measured, predicted]),
  );
  const least = Math.floor(Math.log10(values.reduce((a, b) => Math.min(a, b), Infinity)));
  const most = Math.ceil(Math.log10(values.reduce((a, b) => Math.max(a, b), 0)));
  const span = SIZE - 2 * MARGIN;
  const along = (value: number): number => ((Math.log10(value) - least) / (most - least)) * span;
  const x = (value: number): string => (MARGIN + along(value)).toFixed(1);
  const y = (value: number): string => (SIZE - MARGIN - along(value)).toFixed(1);
  const [low, high] = [10 ** least, 10 ** most];
  const decades = Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index));
  const band = [
    [low, low * 1.2],
    [high / 1.2, high],
    [high, high],
    [high, high / 1.2],
    [low * 1.2, low],
    [low, low],
  ]
    .map(([measured = low, predicted = low]) => `${x(measured)},${y(predicted)}`)
    .join(" ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE + LEGEND} ${SIZE}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${MARGIN}" y="20" font-size="13">${title}</text>`,
    `<polygon points="${band}" fill="#eeeeee"/>`,
    `<line x1="${x(low)}" y1="${y(low)}" x2="${x(high)}" y2="${y(high)}" stroke="#888888"/>`,
    ...decades.flatMap((value) => [
      `<line x1="${x(value)}" y1="${y(low)}" x2="${x(value)}" y2="${y(high)}" stroke="#dddddd" stroke-width="0.5"/>`,
      `<line x1="${x(low)}" y1="${y(value)}" x2="${x(high)}" y2="${y(value)}" stroke="#dddddd" stroke-width="0.5"/>`,
      `<text x="${x(value)}" y="${SIZE - MARGIN + 15}" text-anchor="middle">${label(value)}</text>`,
      `<text x="${MARGIN - 5}" y="${y(value)}" text-anchor="end" dominant-baseline="middle">${label(value)}</text>`,
    ]),
    `<text x="${SIZE / 2}" y="${SIZE - 14}" text-anchor="middle">measured, ms</text>`,
    `<text transform="translate(14 ${SIZE / 2}) rotate(-90)" text-anchor="middle">predicted, ms</text>`,
    ...series.flatMap(({ name, points }, index) => {
      const colour = COLOURS[index % COLOURS.length] ?? "black";
      const dots = points.map(({ measured, predicted }) => `M${x(measured)} ${y(predicted)}h.01`).join("");
      const row = 40 + 16 * index;
      return [
        `<path d="${dots}" stroke="${colour}" stroke-width="3.2" stroke-linecap="round" stroke-opacity="0.6"/>`,
        `<circle cx="${SIZE}" cy="${row}" r="4" fill="${colour}"/><text x="${SIZE + 9}" y="${row + 4}">${name}</text>`,
      ];
    }),
    "</svg>",
    "",
  ].join("\n");
}

const label = (value: number): string => String(Number(value.toPrecision(1)));
