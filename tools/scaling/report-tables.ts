/** Tables of docs/performance/multi-gpu.md. */
import { OTHER_SCALING_WIDENING } from "../../src/performance/data-parallel.ts";
import type { AllReduceFit } from "../../src/performance/fit.ts";
import {
  intervalCoverage,
  mapePercent,
  quantile,
  residualQuantiles,
  type Observation,
  type ResidualQuantiles,
} from "../../src/performance/prediction-error.ts";
import { fixed, table } from "../fits/markdown-table.ts";
import { fitInput, readInputPairs } from "./fit-input.ts";
import {
  acrossNodesDesign,
  addedSeconds,
  applicationQuantiles,
  applicationsOf,
  fitCoefficients,
  leaveOneApplicationOut,
  medianErrorPercent,
  withinNodeDesign,
  type Design,
  type HeldOut,
} from "./fit-scaling.ts";
import {
  PYTORCH_T4,
  readMeasuredIterations,
  TENSORFLOW_K80,
  type MeasuredIteration,
  type Setting,
} from "./measured-iterations.ts";
import { scalingFits } from "./write-scaling-fits.ts";

export function reportTables(dataFolder: string, ring: AllReduceFit): string {
  const rows = readMeasuredIterations(dataFolder);
  return [
    "## Coefficients",
    coefficientTable(dataFolder, ring),
    "## Applications that were not fitted on",
    "The one-GPU time known, coefficients from the other applications of the setting; median error / MAPE, %, and how often the 80 % interval holds the measurement. The interval is from the other applications too: their quantiles 0.06 and 0.94, since rows of one application err alike and 0.1 and 0.9 would hold only 72 % (T4) and 78 % (K80).",
    applicationTable(rows, ring),
    "## Carried over",
    "Rows of one setting by the coefficients of the other: what a user of an unmeasured GPU or framework gets.",
    carriedTable(rows, ring),
    "## From one and two GPUs",
    "A user's two measurements, predicting all larger counts of the node (bench/extrapolation.ts, protocol gpus). θ is the measured addition of the second GPU over the fitted one; by how much of it to correct:",
    correctionTable(rows, ring),
    "## Input",
    inputTable(dataFolder),
  ].join("\n\n");
}

/** Rows that a fit of a setting uses: synthetic where both were measured. */
export function fittedRows(
  rows: readonly MeasuredIteration[],
  setting: Setting,
): readonly MeasuredIteration[] {
  return rows.filter(
    (row) => row.setting === setting && (setting === PYTORCH_T4 || row.data === "synthetic"),
  );
}

function coefficientTable(dataFolder: string, ring: AllReduceFit): string {
  return table(
    ["setting", "κ", "α, ms", "σ", "κ'", "ν, ms", "1/ρ, GB/s"],
    scalingFits(dataFolder, ring).map(({ gpu, framework, withinNode, acrossNodes }) => [
      `${gpu}, ${framework}`,
      fixed(withinNode.computeShare, 3),
      fixed(1000 * withinNode.secondsPerGpu, 2),
      fixed(withinNode.exposedAllReduceShare, 2),
      fixed(acrossNodes?.computeShare ?? NaN, 3),
      fixed(1000 * (acrossNodes?.secondsPerNode ?? NaN), 2),
      fixed(1e-9 / (acrossNodes?.secondsPerByte ?? NaN), 2),
    ]),
  );
}

function applicationTable(rows: readonly MeasuredIteration[], ring: AllReduceFit): string {
  const cases: readonly (readonly [string, Setting, (row: MeasuredIteration) => boolean, Design])[] = [
    ["K80, one node", TENSORFLOW_K80, ({ nodes }) => nodes === 1, withinNodeDesign(ring)],
    ["T4, one node", PYTORCH_T4, ({ nodes }) => nodes === 1, withinNodeDesign(ring)],
    ["K80, several nodes", TENSORFLOW_K80, ({ nodes }) => nodes > 1, acrossNodesDesign],
    ["T4, several nodes", PYTORCH_T4, ({ nodes }) => nodes > 1, acrossNodesDesign],
  ];
  return table(
    ["setting", "application", "rows", "error", "in the interval, %"],
    cases.flatMap(([name, setting, keep, design]) => {
      const heldOut = leaveOneApplicationOut(fittedRows(rows, setting).filter(keep), design);
      const line = (application: string, own: readonly HeldOut[], coverage: number): readonly string[] => [
        name,
        application,
        String(own.length),
        errorText(own),
        fixed(100 * coverage, 0),
      ];
      const applications = applicationsOf(heldOut.map(({ row }) => row)).map((application) => ({
        application,
        own: heldOut.filter(({ row }) => row.application === application),
        coverage: coverageOf(heldOut, application),
      }));
      const inside = applications.reduce((sum, { own, coverage }) => sum + coverage * own.length, 0);
      return [
        ...applications.map(({ application, own, coverage }) => line(application, own, coverage)),
        line("**all**", heldOut, inside / heldOut.length),
      ];
    }),
  );
}

/** Share of an application's rows inside the interval that the other applications' residuals give. */
export function coverageOf(heldOut: readonly HeldOut[], application: string): number {
  const others = heldOut.filter(({ row }) => row.application !== application);
  const own = heldOut.filter(({ row }) => row.application === application);
  return intervalCoverage(own, applicationQuantiles(others));
}

/** Measured and predicted of one setting's rows by the other's coefficients. */
export function carriedOver(
  rows: readonly MeasuredIteration[],
  ring: AllReduceFit,
  from: Setting,
  to: Setting,
): readonly Observation[] {
  const design = withinNodeDesign(ring);
  const isOneNode = ({ nodes }: MeasuredIteration): boolean => nodes === 1;
  const coefficients = fitCoefficients(fittedRows(rows, from).filter(isOneNode), design);
  return fittedRows(rows, to)
    .filter(isOneNode)
    .map((row) => ({
      measuredSeconds: row.seconds,
      predictedSeconds: row.aloneSeconds + addedSeconds(row, design, coefficients),
    }));
}

function carriedTable(rows: readonly MeasuredIteration[], ring: AllReduceFit): string {
  return table(
    [
      "from",
      "to",
      "rows",
      "error",
      "measured / predicted, quantiles 0.1, 0.5, 0.9",
      "in the stretched interval, %",
    ],
    [[TENSORFLOW_K80, PYTORCH_T4] as const, [PYTORCH_T4, TENSORFLOW_K80] as const].map(([from, to]) => {
      const observations = carriedOver(rows, ring, from, to);
      const { lower, median, upper } = residualQuantiles(observations);
      return [
        `${from.gpu}, ${from.framework}`,
        `${to.gpu}, ${to.framework}`,
        String(observations.length),
        errorText(observations),
        `${fixed(lower, 2)}, ${fixed(median, 2)}, ${fixed(upper, 2)}`,
        fixed(100 * intervalCoverage(observations, stretched(rows, ring, from)), 0),
      ];
    }),
  );
}

/** The interval of a setting's own fit, stretched for another setting. */
function stretched(
  rows: readonly MeasuredIteration[],
  ring: AllReduceFit,
  setting: Setting,
): ResidualQuantiles {
  const own = fittedRows(rows, setting).filter(({ nodes }) => nodes === 1);
  const { lower, median, upper } = applicationQuantiles(leaveOneApplicationOut(own, withinNodeDesign(ring)));
  return { lower: lower / OTHER_SCALING_WIDENING, median, upper: upper * OTHER_SCALING_WIDENING };
}

const CORRECTIONS: readonly (readonly [string, (theta: number) => number])[] = [
  ["none (the fit alone)", () => 1],
  ["half-way, on the log scale: √θ", Math.sqrt],
  ["half-way: (1 + θ) / 2", (theta) => (1 + theta) / 2],
  ["all of it: θ", (theta) => theta],
];

function correctionTable(rows: readonly MeasuredIteration[], ring: AllReduceFit): string {
  const design = withinNodeDesign(ring);
  const errors = (setting: Setting, correct: (theta: number) => number): readonly number[] => {
    const own = rows.filter((row) => row.setting === setting && row.nodes === 1);
    return own.flatMap((row) => {
      const two = own.find(
        (other) =>
          other.gpus === 2 &&
          other.application === row.application &&
          other.variant === row.variant &&
          other.batchSizePerGpu === row.batchSizePerGpu,
      );
      if (two === undefined || row.gpus <= 2) return [];
      const others = fittedRows(rows, setting).filter(
        ({ application, nodes }) => application !== row.application && nodes === 1,
      );
      const coefficients = coefficientsOf(setting, row.application, others, design);
      const theta = Math.max(
        0.01,
        (two.seconds - two.aloneSeconds) / addedSeconds(two, design, coefficients),
      );
      const predicted = row.aloneSeconds + correct(theta) * addedSeconds(row, design, coefficients);
      return [Math.abs(predicted - row.seconds) / row.seconds];
    });
  };
  return table(
    ["correction", "K80: median, %", "T4: median, %"],
    CORRECTIONS.map(([name, correct]) => [
      name,
      ...[TENSORFLOW_K80, PYTORCH_T4].map((setting) =>
        fixed(100 * quantile(errors(setting, correct), 0.5), 1),
      ),
    ]),
  );
}

const known = new Map<string, readonly number[]>();
/** Coefficients without one application; the same four corrections ask for them many times. */
function coefficientsOf(
  setting: Setting,
  application: string,
  others: readonly MeasuredIteration[],
  design: Design,
): readonly number[] {
  const key = `${setting.gpu} ${application}`;
  const coefficients = known.get(key) ?? fitCoefficients(others, design);
  known.set(key, coefficients);
  return coefficients;
}

function inputTable(dataFolder: string): string {
  const pairs = readInputPairs(dataFolder);
  const fit = fitInput(pairs);
  const largest = pairs.filter(({ gpus, application }) => application === "AlexNet" && gpus >= 2);
  const rows = largest.map(({ variant, gpus, samples, syntheticSeconds, realSeconds }) => [
    variant.replace(" real", ""),
    String(gpus),
    fixed(samples / syntheticSeconds, 0),
    fixed(samples / realSeconds, 0),
    fixed(samples / (syntheticSeconds + fit.exposedSecondsPerSample * samples), 0),
  ]);
  return [
    `Real against synthetic ImageNet data, ${fit.rows} pairs: δ = ${fixed(1e6 * fit.exposedSecondsPerSample, 1)} µs a sample on ${fit.vcpus} vCPUs; median error of the iteration on real data ${fixed(fit.error.medianPercent, 2)} % with it and ${fixed(fit.error.withoutMedianPercent, 2)} % without: it matters for AlexNet alone, the one network fast enough.`,
    table(["cloud", "GPUs", "AlexNet images/s, synthetic", "real", "by δ"], rows),
    `The most that was delivered is ${fit.provenSamplesPerSecond} images/s, ${fixed(fit.provenSamplesPerSecond / fit.vcpus, 0)} a vCPU. An image job that needs more is warned of; \`inputPipeline\` (samples per second and vCPU, storage bytes per second and per sample) sets a ceiling, and the answer says what binds.`,
  ].join("\n\n");
}

function errorText(observations: readonly Observation[]): string {
  return `${fixed(medianErrorPercent(observations), 1)} / ${fixed(mapePercent(observations), 1)}`;
}
