/** SVG as text, written by hand: elements, scales, ticks and colours for the charts of the reports. */

/** Text for use inside HTML and SVG. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** One element. Attribute values and `text` are escaped, children are elements already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: { readonly text: string } | readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? shortNumber(value) : value)}"`)
    .join("");
  const inner = "text" in content ? escaped(content.text) : content.join("");
  return `<${name}${written}>${inner}</${name}>`;
}

/** A tenth of a pixel is finer than a screen shows. */
const shortNumber = (value: number): string => String(Math.round(value * 10) / 10);

/** Maps values of a range to pixels. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** A linear scale with round ticks within [low, high]. */
export function linearScale(range: {
  readonly low: number;
  readonly high: number;
  readonly fromPixel: number;
  readonly toPixel: number;
  readonly tickCount: number;
}): Scale {
  const { low, fromPixel, toPixel } = range;
  const high = range.high > low ? range.high : low + 1;
  const map = (value: number): number => fromPixel + ((value - low) / (high - low)) * (toPixel - fromPixel);
  return Object.assign(map, { ticks: roundTicks(low, high, range.tickCount) });
}

/** Multiples of 1, 2 or 5 times a power of ten in [low, high], about `count` of them. */
export function roundTicks(low: number, high: number, count: number): readonly number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** A tick as short text: 1500 as "1.5k". */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  return `${Number(value.toPrecision(4))}`;
}

/** Colours that colour-blind people can tell apart (Okabe and Ito, 2008), darkest yellow left out; they repeat after seven. */
const SERIES_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"] as const;

/** Colour of the i-th series. */
export const seriesColour = (index: number): string =>
  SERIES_COLOURS[index % SERIES_COLOURS.length] ?? SERIES_COLOURS[0];

/** A light colour for each text, always the same: jobs of a Gantt chart. */
export function textColour(text: string): string {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) >>> 0;
  // The golden angle spreads neighbours such as JJ1 and JJ2.
  return `hsl(${Math.round((hash * 137.508) % 360)} 60% ${62 + (hash % 3) * 8}%)`;
}
