/** One iteration as text for people. */
import type { IterationView } from "./iteration-view.ts";
import { tableText } from "./text.ts";

/** Time with its interval, memory, what is not in the time, and with `perLayer` a line for each layer. */
export function iterationText(view: IterationView, { perLayer }: { readonly perLayer: boolean }): string {
  const gpus = view.gpus === 1 ? view.gpu : `${view.gpus} × ${view.gpu}`;
  const split = view.gpus === 1 ? "" : ` (${view.batchSizePerGpu} on each GPU)`;
  const parts = [
    `forward ${milliseconds(view.forwardMilliseconds)}`,
    `backward ${milliseconds(view.backwardMilliseconds)}`,
    `optimizer step ${milliseconds(view.updateMilliseconds)}`,
    ...(view.gpus === 1 ? [] : [`further GPUs ${milliseconds(view.communicationMilliseconds)}`]),
  ];
  return [
    `${view.title} on ${gpus}, ${view.framework}, batch ${view.batchSize}${split}`,
    `One iteration: ${milliseconds(view.totalMilliseconds)}, 80 % interval ${milliseconds(view.lowerMilliseconds)} … ${milliseconds(view.upperMilliseconds)}`,
    `  ${parts.join(", ")}`,
    `Memory on each GPU: ${memoryText(view)}`,
    `Fit: ${view.fit.source} (${view.fit.status})`,
    ...listed("Operators without a model, whose time is not in the total:", unknownLines(view)),
    ...listed("Warnings:", view.warnings),
    ...listed("Notes on the import:", view.notes),
    ...(perLayer ? [layerTable(view)] : []),
  ].join("\n");
}

function memoryText({ memory, gpu }: IterationView): string {
  const needed = `${memory.neededGib.toFixed(2)} GiB`;
  if (memory.gpuGib === null) return `${needed}; the memory of ${gpu} is not known`;
  return memory.fits === true
    ? `${needed} of ${memory.gpuGib} GiB`
    : `${needed}: does NOT fit the ${memory.gpuGib} GiB of ${gpu}; use a smaller batch or more GPUs`;
}

function unknownLines({ unknownOperators }: IterationView): readonly string[] {
  return unknownOperators.map(
    ({ operator, layers, operationsShare, weightShare }) =>
      `${operator}: ${layers.length} layer${layers.length === 1 ? "" : "s"}, at least ${percent(operationsShare)} of the operations and ${percent(weightShare)} of the weights`,
  );
}

function layerTable({ layers }: IterationView): string {
  return tableText(
    ["layer", "kind", "forward ms", "backward ms", "step ms", "80 % interval ms", "basis"],
    layers.map((layer) => [
      layer.layer,
      layer.operator ?? layer.kind,
      figure(layer.forwardMilliseconds),
      figure(layer.backwardMilliseconds),
      figure(layer.updateMilliseconds),
      `${figure(layer.lowerMilliseconds)} … ${figure(layer.upperMilliseconds)}`,
      layer.extrapolations.length > 0 ? `${layer.status}, extrapolated` : layer.status,
    ]),
  );
}

const listed = (head: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [head, ...lines.map((line) => `  ${line}`)];
const milliseconds = (value: number): string => `${figure(value)} ms`;

/** Three digits; "?" where the time is not known. */
function figure(value: number | null): string {
  if (value === null) return "?";
  if (value === 0) return "0";
  if (value < 0.001) return "<0.001";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
