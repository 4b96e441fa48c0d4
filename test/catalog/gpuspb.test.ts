import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadGpuspbScenario } from "../../src/catalog/gpuspb.ts";

const JOBS = `Application,Images,Epochs,Batchsize,Jobs,UniqueJobsID,SubmissionTime,Deadline,Tardinessweight,MinExecTime,MaxExecTime
tf_alexnet,130000,279,512,J111,JJ1,0,508207.8,0.004,44571.2,368373.1
pytorch_vgg19,130000,9,16,J1,JJ2,22479,165167,0.005,1,2
`;
const TIMES = `UniqueJobsID,VMtype,GpuType,GpuNumber,maxGpuNumber,cost,ExecutionTime
JJ1,Standard_NC12,K80,1,2,1.13,56593.5
JJ1,Standard_NC12,K80,1,2,1.13,50000
JJ1,Standard_NC12,K80,1,2,1.13,51000
JJ1,In-house server 1,Quadro P600,2,2,0.11,90000
JJ2,Standard_NC12,K80,2,2,1.13,7000
`;

describe("loadGpuspbScenario", () => {
  let folder = "";
  const write = (files: { readonly jobs?: string; readonly times?: string }): void => {
    writeFileSync(join(folder, "jobs.csv"), files.jobs ?? JOBS);
    writeFileSync(join(folder, "times.csv"), files.times ?? TIMES);
    writeFileSync(join(folder, "nodes.csv"), "Nodes\nn1\nn2\n");
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "berth-gpuspb-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("reads jobs, VM types and nodes", () => {
    write({});
    const { jobs, settings } = loadGpuspbScenario(folder);
    expect(settings.maxNodes).toBe(2);
    expect(
      settings.vmTypes.map(({ id, gpuType, gpuCount, pricePerHourUsd }) => [
        id,
        gpuType,
        gpuCount,
        pricePerHourUsd,
      ]),
    ).toEqual([
      ["In-house server 1", "Quadro P600", 2, 0.11],
      ["Standard_NC12", "K80", 2, 1.13],
    ]);
    expect(jobs[0]).toMatchObject({
      id: "JJ1",
      workload: {
        networkName: "alexnet",
        framework: "tensorflow",
        batchSize: 512,
        samples: 130000,
        epochs: 279,
      },
      submittedAtSeconds: 0,
      dueAtSeconds: 508207.8,
      tardinessCostPerSecondUsd: 0.004,
    });
    expect(jobs[1]?.workload.framework).toBe("pytorch");
  });

  test("of several rows for one configuration the fastest counts", () => {
    write({});
    const { jobs, duplicateRowCount } = loadGpuspbScenario(folder);
    expect(duplicateRowCount).toBe(2);
    expect(
      jobs[0]?.durations.entries.map((entry) => [entry.vmTypeId, entry.gpus, entry.durationSeconds]),
    ).toEqual([
      ["Standard_NC12", 1, 50000],
      ["In-house server 1", 2, 90000],
    ]);
  });

  test.each([
    [
      "a word where a number is due",
      { times: TIMES.replace("56593.5", "soon") },
      'row 2, column ExecutionTime: is not a number of at least 5e-324; found "soon"',
    ],
    [
      "more GPUs than the VM has",
      { times: TIMES.replace("2,2,0.11", "3,2,0.11") },
      "row 5, column GpuNumber: In-house server 1 has 2 GPUs",
    ],
    [
      "two prices for one VM type",
      { times: TIMES.replace("K80,2,2,1.13", "K80,2,2,1.50") },
      "row 6, column cost: an earlier row says 1.13 for Standard_NC12",
    ],
    [
      "a job without times",
      { jobs: JOBS.replace("JJ2", "JJ3") },
      "row 3, column UniqueJobsID: times.csv has no row for this job",
    ],
    [
      "a job twice",
      { jobs: JOBS.replace("JJ2", "JJ1") },
      "row 3, column UniqueJobsID: another row has this id",
    ],
    [
      "a missing column",
      { jobs: JOBS.replace("Deadline", "Due") },
      "row 1, column Deadline: the header has no such column",
    ],
    ["ragged rows", { jobs: `${JOBS}a,b\n` }, "it is not CSV"],
    ["no job", { jobs: JOBS.split("\n").slice(0, 1).join("") }, "the file has no job"],
  ])("%s is refused with its place", (_, files, message) => {
    write(files);
    expect(() => loadGpuspbScenario(folder)).toThrow(message);
  });

  test("a missing file is named", () => {
    expect(() => loadGpuspbScenario(join(folder, "nowhere"))).toThrow("the file cannot be read");
  });
});
