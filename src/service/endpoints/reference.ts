/** Endpoints about predictions and reference data, as data. */
import { z } from "zod";
import { jobSpecSchema } from "../../catalog/job-spec.ts";
import { estimateViewSchema } from "../../report/estimate-view.ts";
import { networkViewSchema } from "../../report/network-view.ts";
import { vmTypeViewSchema } from "../../report/vm-type-view.ts";
import { endpoint } from "../endpoint.ts";
import { ESTIMATE_EXAMPLE, NETWORK_EXAMPLE, VM_TYPE_EXAMPLE } from "./examples.ts";
import { noParameters } from "./parameters.ts";
import { readEndpoint } from "./read-endpoint.ts";

const { network, framework, batchSize, samples, epochs } = jobSpecSchema.shape;

/** POST /v1/estimates */
export const postEstimates = endpoint({
  operationId: "estimateDurations",
  method: "post",
  scope: "cluster",
  access: "submit",
  path: "/estimates",
  tag: "Predictions",
  summary: "Predict durations",
  description:
    "How long a workload takes on every VM type and GPU count of the service's catalogue, with intervals and sources; what cannot run says why. " +
    "Registers nothing. 422: the network is unknown.",
  body: {
    schema: z
      .strictObject({
        network: network.unwrap().meta({
          description: "Name of a network (GET /v1/networks lists them) or its layers inline.",
          example: "resnet50",
        }),
        framework,
        batchSize,
        samples,
        epochs,
      })
      .meta({ id: "EstimateRequest", description: "A workload." }),
    isRequired: true,
    examples: {
      resnet50: {
        summary: "ResNet-50, three epochs",
        value: { network: "resnet50", framework: "pytorch", batchSize: 64, samples: 130000, epochs: 3 },
      },
    },
  },
  query: noParameters,
  params: noParameters,
  headers: noParameters,
  reply: {
    status: 200,
    description: "The predictions.",
    schema: estimateViewSchema,
    example: ESTIMATE_EXAMPLE,
  },
  problems: [422],
});

/** GET /v1/catalog */
export const getCatalog = readEndpoint({
  operationId: "getCatalog",
  scope: "cluster",
  access: "submit",
  path: "/catalog",
  tag: "Reference data",
  summary: "Get the catalogue",
  description: "The VM types that may be rented, and the limits of the cluster.",
  query: noParameters,
  params: noParameters,
  reply: {
    description: "The catalogue.",
    schema: z
      .strictObject({
        vmTypes: z.array(vmTypeViewSchema).meta({ description: "Sorted by id." }),
        maxNodes: z.int().min(0).meta({ description: "Nodes that may be rented at once.", example: 10 }),
        replanIntervalSeconds: z
          .number()
          .gt(0)
          .meta({ description: "Berth decides again at the latest after this.", example: 3600 }),
      })
      .meta({ id: "Catalog" }),
    example: { vmTypes: [VM_TYPE_EXAMPLE], maxNodes: 2, replanIntervalSeconds: 3600 },
  },
  problems: [],
});

/** GET /v1/networks */
export const getNetworks = readEndpoint({
  operationId: "listNetworks",
  scope: "service",
  access: "submit",
  path: "/v1/networks",
  tag: "Reference data",
  summary: "List networks",
  description: "The networks that a job may name, with their totals for one sample.",
  query: noParameters,
  params: noParameters,
  reply: {
    description: "The networks, sorted by name.",
    schema: z.strictObject({ networks: z.array(networkViewSchema) }).meta({ id: "NetworkList" }),
    example: { networks: [NETWORK_EXAMPLE] },
  },
  problems: [],
});
