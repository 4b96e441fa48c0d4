import { describe, expect, it } from "vitest";
import { loadNetworks } from "../../src/catalog/load-networks.ts";
import { seededRandom } from "../../src/domain/seeded-random.ts";
import {
  fitUtilisationModel,
  MIN_NETWORKS,
  predictUtilisation,
  type UtilisationModel,
} from "../../src/performance/gpu-utilisation.ts";
import { utilisationFeatures, type UtilisationFeatures } from "../../src/performance/utilisation-features.ts";
import { fitUtilisation, rmsle, type UtilisationRow } from "../../src/performance/utilisation-regressors.ts";

/** Networks whose utilisation grows with the logarithm of their operations. */
function madeUpRows(networks: number): readonly UtilisationRow[] {
  const random = seededRandom(5);
  return Array.from({ length: networks }, (_, index) => {
    const perSample = 1e7 * 2 ** (index % 8);
    return [4, 16, 64].map((batchSize): UtilisationRow => {
      const operations = perSample * batchSize;
      const features: UtilisationFeatures = {
        convCount: 10 + index,
        linearCount: 1,
        activationCount: 9 + index,
        otherCount: 20,
        operations,
        parameters: 1e6 * (1 + Math.floor(random() * 50)),
        batchSize,
      };
      return {
        network: `n${index}`,
        features,
        utilisationPercent: Math.min(95, 6 * Math.log2(operations / 1e6)),
      };
    });
  }).flat();
}

describe("utilisation features", () => {
  it("count ResNet-50's operators: 53 conv, 1 fc, 49 ReLU", () => {
    const network = loadNetworks().get("resnet50");
    if (network === undefined) throw new Error("models/networks lacks resnet50.");
    const features = utilisationFeatures(network, 8, "inference");
    expect([features.convCount, features.linearCount, features.activationCount]).toEqual([53, 1, 49]);
    expect(features.parameters).toBe(25_557_032);
    expect(features.operations).toBeGreaterThan(8 * 4.08e9);
    const training = utilisationFeatures(network, 8, "training");
    expect(training.operations / features.operations).toBeGreaterThan(2.5);
    expect(() => utilisationFeatures(network, 0, "training")).toThrow(/batch of 0/);
  });
});

describe("utilisation regressors", () => {
  it("constant is the mean of ln(y + 1), which no other constant beats in RMSLE", () => {
    const rows = madeUpRows(3);
    const first = rows[0];
    if (first === undefined) throw new Error("There are rows.");
    const predicted = fitUtilisation("constant", rows, seededRandom(1))(first.features);
    const errorOf = (value: number): number =>
      rmsle(rows.map((row) => Math.log1p(value) - Math.log1p(row.utilisationPercent)));
    expect(errorOf(predicted)).toBeLessThan(errorOf(predicted * 1.01));
    expect(errorOf(predicted)).toBeLessThan(errorOf(predicted * 0.99));
  });

  it("stays between 0 and 100 %", () => {
    const rows = madeUpRows(8);
    const predict = fitUtilisation("linear", rows, seededRandom(1));
    const first = rows[0];
    if (first === undefined) throw new Error("There are rows.");
    expect(predict({ ...first.features, operations: 1e30, batchSize: 1e6 })).toBeLessThanOrEqual(100);
    expect(predict({ ...first.features, operations: 1, batchSize: 1 })).toBeGreaterThanOrEqual(0);
  });
});

describe("predictUtilisation", () => {
  const rows = madeUpRows(12);
  const model = fitUtilisationModel("V100", rows, seededRandom(1));
  const features = rows[4]?.features;
  if (features === undefined) throw new Error("There are rows.");
  const reasonOf = (gpu: string, used: UtilisationModel | undefined, asked = features): string => {
    const answer = predictUtilisation(asked, gpu, used);
    return answer.kind === "unsupported" ? answer.reason : "";
  };

  it("answers with an interval where the model beat a constant on networks left out", () => {
    expect(model.leaveOneNetworkOutRmsle).toBeLessThan(0.8 * model.constantRmsle);
    const answer = predictUtilisation(features, "V100", model);
    if (answer.kind === "unsupported") throw new Error(answer.reason);
    expect(answer.lowerPercent).toBeLessThanOrEqual(answer.utilisationPercent);
    expect(answer.upperPercent).toBeGreaterThanOrEqual(answer.utilisationPercent);
    expect(answer.upperPercent).toBeLessThanOrEqual(100);
  });

  it("says why it does not: no model, another GPU, out of range, too few networks, no better than a constant", () => {
    expect(reasonOf("V100", undefined)).toContain("no utilisation model is shipped");
    expect(reasonOf("K80", model)).toContain("measured on V100, not on K80");
    expect(reasonOf("V100", model, { ...features, batchSize: 9999 })).toContain("batchSize 9999 is outside");
    expect(reasonOf("V100", fitUtilisationModel("V100", madeUpRows(4), seededRandom(1)))).toContain(
      `${MIN_NETWORKS} are needed`,
    );
    expect(reasonOf("V100", { ...model, leaveOneNetworkOutRmsle: model.constantRmsle })).toContain(
      "knows no more than the mean",
    );
  });

  it("needs two networks to judge", () => {
    expect(() => fitUtilisationModel("V100", madeUpRows(1), seededRandom(1))).toThrow(/2 or more/);
  });
});
