/**
 * JSON schema of a network: models/networks/*.json, and the layers that a job brings along over HTTP.
 * The layers are plain objects, one per kind; checks across layers are in network-graph.ts.
 */
import { z } from "zod";
import { ACTIVATION_FUNCTIONS, NORM_VARIANTS } from "../performance/network.ts";
import type { Network } from "../performance/network.ts";
import { networkProblems } from "./network-graph.ts";

/** Bounds that no real network reaches; they keep a hostile one from exhausting the service. */
const MAX_LAYERS = 5000;
const MAX_INPUTS = 1000;
const MAX_NAME_CHARACTERS = 200;
const MAX_TEXT_CHARACTERS = 1000;
const MAX_SIZE = 1e7;
const MAX_VOCABULARY = 1e9;
const MAX_COUNT = 1e12;

const countSchema = z.int().min(0).max(MAX_COUNT);
const sizeSchema = z.int().min(1).max(MAX_SIZE);
const paddingSizeSchema = z.int().min(0).max(MAX_SIZE);
const shapeSchema = z
  .array(sizeSchema)
  .min(1)
  .max(3)
  .meta({
    description:
      "Of one sample: [channels, height, width] of an image, [features] of a vector, [steps, features] of a sequence.",
    example: [64, 56, 56],
  });
const pairSchema = z.tuple([sizeSchema, sizeSchema]).meta({ description: "[height, width]" });
const dilationSchema = pairSchema.exactOptional().meta({
  description: "Distance between the elements that a window reads, [height, width]; [1, 1] if left out.",
});
const paddingSchema = z
  .tuple([paddingSizeSchema, paddingSizeSchema, paddingSizeSchema, paddingSizeSchema])
  .meta({ description: "Zeros added on each side: [top, left, bottom, right]." });
const nameSchema = z.string().min(1).max(MAX_NAME_CHARACTERS);

const layerFields = {
  name: nameSchema,
  inputs: z
    .array(nameSchema)
    .min(1)
    .max(MAX_INPUTS)
    .meta({ description: 'Names of the layers read, all of them earlier; "input" is the network\'s input.' }),
  input: shapeSchema.meta({
    description: "Shape read, of the first input; for concat, of all inputs joined.",
  }),
  output: shapeSchema.meta({ description: "Shape written." }),
};

const convSchema = z
  .strictObject({
    kind: z.literal("conv"),
    ...layerFields,
    kernel: pairSchema,
    stride: pairSchema,
    padding: paddingSchema,
    groups: sizeSchema.meta({ description: "Divides the channels of input and output." }),
    bias: z.boolean(),
    dilation: dilationSchema,
    transposed: z
      .literal(true)
      .exactOptional()
      .meta({ description: "A transposed convolution, whose stride widens the image." }),
  })
  .meta({ id: "ConvLayer", description: "Convolution of an image." });
const fcSchema = z.strictObject({ kind: z.literal("fc"), ...layerFields, bias: z.boolean() }).meta({
  id: "FcLayer",
  description: "Fully connected. On a sequence it is applied to each step; an image is flattened first.",
});
const poolSchema = z
  .strictObject({
    kind: z.literal("pool"),
    ...layerFields,
    mode: z.enum(["max", "average"]),
    kernel: pairSchema,
    stride: pairSchema,
    padding: paddingSchema,
    dilation: dilationSchema,
  })
  .meta({ id: "PoolLayer", description: "Pooling of an image." });
const reluSchema = z
  .strictObject({ kind: z.literal("relu"), ...layerFields })
  .meta({ id: "ReluLayer", description: "Rectified linear unit." });
const activationSchema = z
  .strictObject({
    kind: z.literal("activation"),
    ...layerFields,
    function: z.enum(ACTIVATION_FUNCTIONS),
    weightCount: countSchema
      .exactOptional()
      .meta({ description: "Learned slopes of a prelu; 0 if left out." }),
  })
  .meta({ id: "ActivationLayer", description: "Another function of each element, or a softmax." });
const normSchema = z
  .strictObject({
    kind: z.literal("norm"),
    ...layerFields,
    variant: z.enum(NORM_VARIANTS),
    window: sizeSchema.meta({
      description: "Channels that one output of a local response normalisation reads; 1 for the others.",
    }),
  })
  .meta({ id: "NormLayer", description: "Normalisation." });
const lossSchema = z.strictObject({ kind: z.literal("loss"), ...layerFields }).meta({
  id: "LossLayer",
  description: "Softmax with cross entropy, or connectionist temporal classification; output is [1].",
});
const addSchema = z
  .strictObject({ kind: z.literal("add"), ...layerFields })
  .meta({ id: "AddLayer", description: "Elementwise sum of all inputs." });
const concatSchema = z.strictObject({ kind: z.literal("concat"), ...layerFields }).meta({
  id: "ConcatLayer",
  description: "Inputs joined along the channels of images, or the features of sequences.",
});
const dropoutSchema = z
  .strictObject({ kind: z.literal("dropout"), ...layerFields })
  .meta({ id: "DropoutLayer", description: "Dropout." });
const reshapeSchema = z.strictObject({ kind: z.literal("reshape"), ...layerFields }).meta({
  id: "ReshapeLayer",
  description: "Changes the shape, or keeps one step of a sequence; costs nothing.",
});
const embeddingSchema = z
  .strictObject({
    kind: z.literal("embedding"),
    ...layerFields,
    vocabulary: z.int().min(1).max(MAX_VOCABULARY).meta({ description: "Rows of the table." }),
  })
  .meta({ id: "EmbeddingLayer", description: "Table look-up: input [steps], output [steps, width]." });
const recurrentSchema = z
  .strictObject({
    kind: z.literal("recurrent"),
    ...layerFields,
    cell: z.enum(["rnn", "gru", "lstm"]),
    hidden: sizeSchema,
    directions: z.union([z.literal(1), z.literal(2)]),
    bias: z.boolean(),
  })
  .meta({
    id: "RecurrentLayer",
    description:
      "Input [steps, features]; output [steps, directions · hidden], or [steps, hidden] if directions are summed.",
  });
const attentionSchema = z
  .strictObject({
    kind: z.literal("attention"),
    ...layerFields,
    heads: sizeSchema.meta({ description: "Divides the features." }),
  })
  .meta({
    id: "AttentionLayer",
    description:
      "Scaled dot-product attention; inputs are queries, keys and values of one shape [steps, features].",
  });

const matmulSchema = z
  .strictObject({
    kind: z.literal("matmul"),
    ...layerFields,
    batches: sizeSchema.meta({ description: "Products of one sample." }),
    rows: sizeSchema,
    inner: sizeSchema,
    columns: sizeSchema,
  })
  .meta({
    id: "MatmulLayer",
    description: "Products of two computed matrices, for example of queries and keys.",
  });
const operatorSchema = nameSchema.meta({ description: "Name of the operator, for example mul." });
const elementwiseSchema = z
  .strictObject({
    kind: z.literal("elementwise"),
    ...layerFields,
    operator: operatorSchema,
    fullInputs: z
      .int()
      .min(0)
      .max(MAX_INPUTS)
      .meta({ description: "Inputs as large as the output; the others are broadcast." }),
  })
  .meta({ id: "ElementwiseLayer", description: "Another function of each element of its inputs." });
const copySchema = z
  .strictObject({ kind: z.literal("copy"), ...layerFields, operator: operatorSchema })
  .meta({ id: "CopyLayer", description: "Moves elements: slice, pad, resize, transpose, expand, gather." });
const reduceSchema = z
  .strictObject({ kind: z.literal("reduce"), ...layerFields, operator: operatorSchema })
  .meta({ id: "ReduceLayer", description: "Sum, mean or extremum along axes." });
const sourceSchema = z
  .strictObject({
    kind: z.literal("source"),
    ...layerFields,
    inputs: z.array(nameSchema).max(0),
    weightCount: countSchema.meta({ description: "Learned numbers; 0 of an input or a constant." }),
  })
  .meta({ id: "SourceLayer", description: "A further input, a learned tensor, or a constant." });
const unknownSchema = z
  .strictObject({
    kind: z.literal("unknown"),
    ...layerFields,
    inputs: z.array(nameSchema).max(MAX_INPUTS),
    operator: operatorSchema,
    weightCount: countSchema,
  })
  .meta({
    id: "UnknownLayer",
    description:
      "An operator without a model: it is listed with its share of the operations, and its time is not known.",
  });

/** One layer, without the checks against the layers before it. */
export const layerSchema = z
  .discriminatedUnion("kind", [
    convSchema,
    fcSchema,
    poolSchema,
    reluSchema,
    activationSchema,
    normSchema,
    lossSchema,
    addSchema,
    concatSchema,
    dropoutSchema,
    reshapeSchema,
    embeddingSchema,
    recurrentSchema,
    attentionSchema,
    matmulSchema,
    elementwiseSchema,
    copySchema,
    reduceSchema,
    sourceSchema,
    unknownSchema,
  ])
  .meta({ id: "Layer" });

const graphFields = {
  input: shapeSchema.meta({ description: "Shape of one sample." }),
  layers: z.array(layerSchema).min(1).max(MAX_LAYERS).meta({ description: "In topological order." }),
};
const networkNameSchema = z
  .string()
  .max(MAX_NAME_CHARACTERS)
  .regex(/^[a-z0-9][a-z0-9.-]*$/)
  .meta({ description: "Lower-case name.", example: "resnet50" });
const textSchema = z.string().min(1).max(MAX_TEXT_CHARACTERS);

/** A network as a file in models/networks; its inferred type is assignable to Network (see load-networks.ts). */
export const networkSchema = z
  .strictObject({
    name: networkNameSchema,
    title: textSchema,
    source: textSchema.meta({ description: "Paper or reference implementation that the shapes come from." }),
    ...graphFields,
  })
  .superRefine(refineGraph)
  .meta({ id: "Network", description: "A neural network as its layers and shapes, without weights." });

/** A network that a job brings along: as in a file, but it need not have a name, a title and a source. */
export const inlineNetworkSchema = z
  .strictObject({
    name: networkNameSchema.exactOptional(),
    title: textSchema.exactOptional(),
    source: textSchema.exactOptional(),
    ...graphFields,
  })
  .superRefine(refineGraph)
  .meta({ id: "InlineNetwork", description: "Layers and shapes of a neural network of the user's own." });

function refineGraph(network: Pick<Network, "input" | "layers">, context: z.RefinementCtx): void {
  // The graph is checked only where every layer by itself has its fields, within their bounds.
  if (context.issues.length > 0) return;
  for (const { path, message, fix } of networkProblems(network)) {
    context.addIssue({ code: "custom", path: [...path], message, params: { fix } });
  }
}
