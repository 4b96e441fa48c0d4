/** Examples for openapi.yaml: one job of the 2019 prototype experiment, and what the service says about it. */
import type { EstimateView } from "../../report/estimate-view.ts";
import type { JobExplanationView } from "../../report/explanation-view.ts";
import type { JobDetail, JobView } from "../../report/job-view.ts";
import type { NetworkView } from "../../report/network-view.ts";
import type { PlanView } from "../../report/plan-view.ts";
import type { VmTypeView } from "../../report/vm-type-view.ts";

/** A job as posted. */
export const JOB_SPEC_EXAMPLE = {
  id: "JJ1",
  network: "resnet50",
  framework: "pytorch",
  batchSize: 64,
  samples: 130000,
  epochs: 3,
  dueAt: "2026-11-21T18:00:00Z",
  tardinessCostPerHourUsd: 18,
};

const RUNNING = {
  kind: "running" as const,
  jobId: "JJ1",
  nodeId: "node-1",
  vmType: "Standard_NC6",
  gpus: 1,
  remainingSeconds: 7200,
  expectedCompletionAt: "2026-11-20T20:00:00Z",
  earliestCompletionAt: "2026-11-20T19:40:00Z",
  latestCompletionAt: "2026-11-20T20:24:00Z",
  expectedTardinessSeconds: 0,
  expectedRentUsd: 1.12,
  expectedTardinessCostUsd: 0,
  expectedTotalCostUsd: 1.12,
  warnings: [],
};

/** A job of a list. */
export const JOB_EXAMPLE: JobView = {
  id: "JJ1",
  status: "running",
  network: "resnet50",
  framework: "pytorch",
  batchSize: 64,
  samples: 130000,
  epochs: 3,
  submittedAt: "2026-11-20T18:00:00Z",
  dueAt: "2026-11-21T18:00:00Z",
  tardinessCostPerHourUsd: 18,
  completedShare: 0,
  savedShare: 0,
  pace: { durationFactor: 1, observedShare: 0 },
  placement: { nodeId: "node-1", vmType: "Standard_NC6", gpus: 1 },
  forecast: RUNNING,
  completedAt: null,
  cancelledAt: null,
  tardinessCostUsd: null,
};

const DURATIONS = {
  durations: [
    {
      vmType: "Standard_NC6",
      gpuType: "K80",
      gpus: 1,
      durationSeconds: 7200,
      lowerSeconds: 6000,
      upperSeconds: 8640,
      aloneRentUsd: 1.12,
      source: "measured" as const,
      warnings: [],
    },
  ],
  missing: [
    { vmType: "Standard_NV6", gpus: 1, reason: "needs 9.1 GiB on each GPU for 64 samples, M60 has 8 GiB" },
  ],
};

/** A job with its duration table. */
export const JOB_DETAIL_EXAMPLE: JobDetail = { ...JOB_EXAMPLE, ...DURATIONS };

/** What `POST /v1/estimates` answers. */
export const ESTIMATE_EXAMPLE: EstimateView = {
  network: "resnet50",
  framework: "pytorch",
  batchSize: 64,
  samples: 130000,
  epochs: 3,
  iterations: 6096,
  ...DURATIONS,
};

/** A plan with one job. */
export const PLAN_EXAMPLE: PlanView = {
  revision: 4,
  decidedAt: "2026-11-20T18:00:00Z",
  policy: "progress-value",
  nodes: [
    {
      id: "node-1",
      vmType: "Standard_NC6",
      gpuType: "K80",
      gpuCount: 1,
      pricePerHourUsd: 0.56,
      parts: [{ jobId: "JJ1", gpus: 1 }],
      idleGpus: 0,
    },
  ],
  running: [RUNNING],
  waiting: [],
  rentPerHourUsd: 0.56,
  totals: {
    nodeCount: 1,
    runningJobCount: 1,
    waitingJobCount: 0,
    idleGpus: 0,
    expectedRentUsd: 1.12,
    expectedTardinessCostUsd: 0,
    expectedTotalCostUsd: 1.12,
    leastWaitingTardinessCostUsd: 0,
  },
  proof: {
    objectiveName: "progress-value",
    sense: "maximize",
    unit: "USD per hour",
    objective: 0.42,
    bound: 0.42,
    gap: 0,
    stopReason: "proven-optimal",
  },
  movedJobIds: [],
  stoppedJobIds: [],
  nextDecisionAt: "2026-11-20T19:00:00Z",
};

/** Why that job runs where it runs. */
export const EXPLANATION_EXAMPLE: JobExplanationView = {
  jobId: "JJ1",
  decision: "running",
  gainOverWaiting: 0.168,
  summary:
    "Runs on 1 GPU of Standard_NC6, worth 0.168 USD per hour more than waiting; it has no alternative.",
  alternatives: [
    {
      vmType: "Standard_NC6",
      gpus: 1,
      durationSeconds: 7200,
      tardinessSeconds: 0,
      tardinessCostUsd: 0,
      sharedRentUsd: 1.12,
      aloneRentUsd: 1.12,
      verdict: { kind: "chosen" },
    },
  ],
};

/** A VM type. */
export const VM_TYPE_EXAMPLE: VmTypeView = {
  id: "Standard_NC6",
  gpuType: "K80",
  gpuCount: 1,
  gpuShare: 1,
  gpuMemoryGib: 12,
  vcpuCount: 6,
  memoryGib: 56,
  pricePerHourUsd: 0.56,
  region: "slides-2019",
  quotaNodes: null,
};

/** A network. */
export const NETWORK_EXAMPLE: NetworkView = {
  name: "resnet50",
  title: "ResNet-50",
  source: "K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, CVPR 2016",
  layerCount: 176,
  forwardOperations: 7.8e9,
  backwardOperations: 1.56e10,
  multiplyAccumulates: 3.86e9,
  weightCount: 25557032,
  activationElements: 2.2e7,
};
