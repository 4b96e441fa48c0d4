/**
 * What real samples add: rows of TensorFlow's figures with real ImageNet data against the same with synthetic data.
 *   t_real = t_synthetic + δ·samples    fitted relative to t_real, δ ≥ 0
 */
import { nonNegativeLeastSquares } from "../../src/performance/regression.ts";
import type { InputFit } from "../../src/performance/scaling-fit.ts";
import { medianErrorPercent } from "./fit-scaling.ts";
import { readRows } from "./measured-iterations.ts";

/** vCPUs of n1-standard-32 and of p2.8xlarge alike. */
const VCPUS = 32;

/** The same iteration on real and on synthetic data. */
export interface InputPair {
  readonly application: string;
  readonly variant: string;
  readonly gpus: number;
  readonly samples: number;
  readonly syntheticSeconds: number;
  readonly realSeconds: number;
}

export function readInputPairs(dataFolder: string): readonly InputPair[] {
  const rows = readRows(dataFolder);
  return rows
    .filter((row) => row.variant.endsWith(" real"))
    .flatMap((real) => {
      const synthetic = rows.find(
        (row) =>
          row.variant === real.variant.replace(" real", " synthetic") &&
          row.application === real.application &&
          row.batchSizePerGpu === real.batchSizePerGpu &&
          row.gpus === real.gpus,
      );
      return synthetic === undefined
        ? []
        : [
            {
              application: real.application,
              variant: real.variant,
              gpus: real.gpus,
              samples: real.batchSizePerGpu * real.gpus,
              syntheticSeconds: synthetic.seconds,
              realSeconds: real.seconds,
            },
          ];
    });
}

export function fitInput(pairs: readonly InputPair[]): InputFit {
  const [exposed = 0] = nonNegativeLeastSquares({
    design: pairs.map((pair) => [pair.samples / pair.realSeconds]),
    target: pairs.map((pair) => (pair.realSeconds - pair.syntheticSeconds) / pair.realSeconds),
  });
  const exposedSecondsPerSample = Number(exposed.toPrecision(6));
  const withDelta = (delta: number): number =>
    Number(
      medianErrorPercent(
        pairs.map((pair) => ({
          measuredSeconds: pair.realSeconds,
          predictedSeconds: pair.syntheticSeconds + delta * pair.samples,
        })),
      ).toFixed(2),
    );
  return {
    exposedSecondsPerSample,
    vcpus: VCPUS,
    provenSamplesPerSecond: Math.max(...pairs.map((pair) => Math.floor(pair.samples / pair.realSeconds))),
    sample: "ImageNet JPEG, n1-standard-32 and p2.8xlarge",
    rows: pairs.length,
    error: { medianPercent: withDelta(exposedSecondsPerSample), withoutMedianPercent: withDelta(0) },
  };
}
