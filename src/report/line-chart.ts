/** Step lines over time: costs that add up, queues that grow and shrink. */
import { element, escaped, linearScale, seriesColour, tickText } from "./svg.ts";

/** One line: its value holds from each point to the next. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What to draw. */
export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** `step` keeps a value until the next point, `line` joins the points and marks them. */
  readonly shape: "step" | "line";
  /** Where to mark the horizontal axis; round numbers when left out. */
  readonly xTicks?: readonly number[];
}

const WIDTH = 1040;
const HEIGHT = 300;
const LEFT = 70;
const RIGHT = 20;
const TOP = 16;
const BOTTOM = 44;
/** Points drawn for one line at most: more than pixels show nothing. */
const MAX_POINTS = 2000;

/** The chart as one SVG element with its legend above. */
export function lineChart({ title, xLabel, yLabel, series, shape, xTicks }: LineChart): string {
  const all = series.flatMap((line) => line.points);
  const x = linearScale({
    low: all.reduce((least, point) => Math.min(least, point.x), Infinity),
    high: all.reduce((most, point) => Math.max(most, point.x), -Infinity),
    fromPixel: LEFT,
    toPixel: WIDTH - RIGHT,
    tickCount: 10,
  });
  const y = linearScale({
    low: Math.min(0, ...all.map((point) => point.y)),
    high: all.reduce((most, point) => Math.max(most, point.y), 0),
    fromPixel: HEIGHT - BOTTOM,
    toPixel: TOP,
    tickCount: 6,
  });
  const grid = [
    ...y.ticks.flatMap((tick) => [
      element("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }),
      element("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, { text: tickText(tick) }),
    ]),
    ...(xTicks ?? x.ticks).map((tick) =>
      element(
        "text",
        { x: x(tick), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" },
        { text: tickText(tick) },
      ),
    ),
    element("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, { text: xLabel }),
    element(
      "text",
      { x: 14, y: TOP, transform: `rotate(-90 14 ${TOP})`, "text-anchor": "end" },
      { text: yLabel },
    ),
  ];
  const lines = series.map((line, index) => {
    const points = thinned(line.points);
    const path = points
      .map((point, at) => {
        const place = `${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`;
        if (at === 0) return `M${place}`;
        return shape === "step" ? `H${x(point.x).toFixed(1)}V${y(point.y).toFixed(1)}` : `L${place}`;
      })
      .join("");
    const marks =
      shape === "step"
        ? []
        : points.map((point) =>
            element("circle", { cx: x(point.x), cy: y(point.y), r: 3.5, fill: seriesColour(index) }, [
              element("title", {}, { text: `${line.name}: ${tickText(point.x)}, ${tickText(point.y)}` }),
            ]),
          );
    return [
      element("path", { d: path, fill: "none", stroke: seriesColour(index), "stroke-width": 2 }),
      ...marks,
    ].join("");
  });
  const legend = series
    .map(
      ({ name }, index) => `<span><i style="background:${seriesColour(index)}"></i>${escaped(name)}</span>`,
    )
    .join("");
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, [
    ...grid,
    ...lines,
  ]);
  return `<figure><figcaption>${escaped(title)}</figcaption><p class="legend">${legend}</p>${svg}</figure>`;
}

function thinned<Point>(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return step <= 1 ? points : points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
