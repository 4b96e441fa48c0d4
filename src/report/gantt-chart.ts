/** Gantt chart of a simulation: a row for each node that may be rented, as high as its GPUs; each job takes the height of its GPUs. */
import { secondsToHours } from "../domain/units.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { History, JobInterval, NodeInterval } from "../simulator/history.ts";
import { durationText } from "./text.ts";
import { element, escaped, linearScale, seriesColour, textColour } from "./svg.ts";

const WIDTH = 1040;
const LEFT = 70;
const RIGHT = 20;
const TOP = 8;
const ROW = 36;
const GAP = 8;
const BOTTOM = 44;
/** Bars wider than this (pixels) carry the job's id. */
const LABEL_WIDTH = 34;

/** A node's time with the place of the row that it is drawn in. */
interface Lane {
  readonly row: number;
  readonly node: NodeInterval;
}

/** The chart as one figure; times are hours since `originSeconds`. */
export function ganttChart(args: {
  readonly title: string;
  readonly history: History;
  readonly vmTypes: readonly VmType[];
  readonly originSeconds: number;
}): string {
  const { history, vmTypes, originSeconds, title } = args;
  const lanes = inLanes(history.nodes.filter((node) => node.toSeconds > node.fromSeconds));
  const rows = lanes.reduce((most, lane) => Math.max(most, lane.row + 1), 1);
  const height = TOP + rows * (ROW + GAP) + BOTTOM;
  const hours = (atSeconds: number): number => secondsToHours(atSeconds - originSeconds);
  const x = linearScale({
    low: 0,
    high: history.load.reduce((most, point) => Math.max(most, hours(point.atSeconds)), 0),
    fromPixel: LEFT,
    toPixel: WIDTH - RIGHT,
    tickCount: 10,
  });
  const types = new Map(vmTypes.map((vmType, index) => [vmType.id, { vmType, colour: seriesColour(index) }]));
  const runsOf = new Map<string, JobInterval[]>();
  for (const run of history.runs) {
    if (run.toSeconds > run.fromSeconds) runsOf.set(run.nodeId, [...(runsOf.get(run.nodeId) ?? []), run]);
  }
  const top = (row: number): number => TOP + row * (ROW + GAP);
  const nodes = lanes.map(({ row, node }) => {
    const type = types.get(node.vmTypeId);
    const from = x(hours(node.fromSeconds));
    const width = x(hours(node.toSeconds)) - from;
    const about = `${node.nodeId}, ${node.vmTypeId}, ${durationText(node.toSeconds - node.fromSeconds)}`;
    return element(
      "rect",
      { x: from, y: top(row) - 2, width, height: ROW + 4, fill: type?.colour ?? "#888", class: "node" },
      [element("title", {}, { text: about })],
    );
  });
  /** Time that is paid without progress, faded. */
  const faded = (args: { fromSeconds: number; toSeconds: number; y: number; height: number }): string => {
    const from = x(hours(args.fromSeconds));
    const width = x(hours(args.toSeconds)) - from;
    if (width <= 0) return "";
    return element("rect", { x: from, y: args.y, width, height: args.height, fill: "#fff", class: "held" });
  };
  const boots = lanes.map(({ row, node: { fromSeconds, readyAtSeconds, toSeconds } }) =>
    faded({ fromSeconds, toSeconds: Math.min(readyAtSeconds, toSeconds), y: top(row) - 2, height: ROW + 4 }),
  );
  const bars = lanes.flatMap(({ row, node }) => {
    const gpuCount = types.get(node.vmTypeId)?.vmType.gpuCount ?? 1;
    const own = (runsOf.get(node.nodeId) ?? []).filter(
      (run) => run.fromSeconds >= node.fromSeconds && run.toSeconds <= node.toSeconds,
    );
    return onGpus(own, gpuCount).map(({ run, firstGpu }) => {
      const from = x(hours(run.fromSeconds));
      const width = x(hours(run.toSeconds)) - from;
      const y = top(row) + (firstGpu / gpuCount) * ROW;
      const barHeight = (run.gpus / gpuCount) * ROW;
      const about = `${run.jobId}: ${run.gpus} of ${gpuCount} GPUs of ${run.nodeId} (${run.vmTypeId}), ${durationText(run.toSeconds - run.fromSeconds)} from hour ${hours(run.fromSeconds).toFixed(1)}`;
      const bar = element(
        "rect",
        { x: from, y, width, height: Math.max(1, barHeight - 0.5), fill: textColour(run.jobId) },
        [element("title", {}, { text: about })],
      );
      const hold = faded({
        fromSeconds: run.fromSeconds,
        toSeconds: Math.min(run.progressFromSeconds, run.toSeconds),
        y,
        height: Math.max(1, barHeight - 0.5),
      });
      const fits = width > LABEL_WIDTH && barHeight > 10;
      return fits
        ? bar +
            hold +
            element("text", { x: from + 4, y: y + barHeight / 2 + 4, class: "job" }, { text: run.jobId })
        : bar + hold;
    });
  });
  const axis = x.ticks.flatMap((tick) => [
    element("line", { x1: x(tick), x2: x(tick), y1: TOP, y2: height - BOTTOM, class: "grid" }),
    element("text", { x: x(tick), y: height - BOTTOM + 16, "text-anchor": "middle" }, { text: `${tick}` }),
  ]);
  const labels = Array.from({ length: rows }, (_, row) =>
    element(
      "text",
      { x: LEFT - 8, y: top(row) + ROW / 2 + 4, "text-anchor": "end" },
      { text: `slot ${row + 1}` },
    ),
  );
  const used = [...new Set(lanes.map((lane) => lane.node.vmTypeId))];
  const legend = used
    .map((id) => `<span><i style="background:${types.get(id)?.colour ?? "#888"}"></i>${escaped(id)}</span>`)
    .join("");
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title }, [
    ...axis,
    ...labels,
    ...nodes,
    ...boots,
    ...bars,
    element("text", { x: WIDTH - RIGHT, y: height - 6, "text-anchor": "end" }, { text: "hours" }),
  ]);
  return `<figure><figcaption>${escaped(title)}</figcaption><p class="legend">${legend}</p>${svg}</figure>`;
}

/** Puts nodes into rows: each into the first row that is free when it is rented. */
export function inLanes(nodes: readonly NodeInterval[]): readonly Lane[] {
  const freeFrom: number[] = [];
  return [...nodes]
    .sort((a, b) => a.fromSeconds - b.fromSeconds)
    .map((node) => {
      const free = freeFrom.findIndex((atSeconds) => atSeconds <= node.fromSeconds);
      const row = free === -1 ? freeFrom.length : free;
      freeFrom[row] = node.toSeconds;
      return { row, node };
    });
}

/** Gives each run of one node its GPUs: the first ones that are free side by side, else the first. */
export function onGpus(
  runs: readonly JobInterval[],
  gpuCount: number,
): readonly { readonly run: JobInterval; readonly firstGpu: number }[] {
  const freeFrom = Array.from({ length: gpuCount }, () => -Infinity);
  return [...runs]
    .sort((a, b) => a.fromSeconds - b.fromSeconds || b.gpus - a.gpus)
    .map((run) => {
      const starts = Array.from({ length: gpuCount - run.gpus + 1 }, (_, first) => first);
      const firstGpu =
        starts.find((first) =>
          freeFrom.slice(first, first + run.gpus).every((atSeconds) => atSeconds <= run.fromSeconds),
        ) ?? 0;
      freeFrom.fill(run.toSeconds, firstGpu, firstGpu + run.gpus);
      return { run, firstGpu };
    });
}
