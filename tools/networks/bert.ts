/**
 * BERT-base, uncased, fine-tuned to answer questions (SQuAD) on sequences of 384 tokens, as Pollux measured it and
 * as run_squad.py of the paper's authors and of Hugging Face's transformers does.
 * The pooler is in although the answer does not read it: those programs compute it, and the published 109.48 M weights have it.
 * Dropout of the attention weights belongs to the attention kernel and is no layer here.
 */
import type { Network } from "../../src/performance/network.ts";
import { type NetworkBuilder, startNetwork, type Tensor } from "./network-builder.ts";

const TOKENS = 384;
const WIDTH = 768;
const ENCODERS = 12;
const HEADS = 12;
const FEED_FORWARD = 3072;
const VOCABULARY = 30_522;
const POSITIONS = 512;
const SEGMENTS = 2;

/** BERT-base with the span head of question answering: a score for each token to start and to end the answer. */
export function bertBase(): Network {
  const net = startNetwork([TOKENS]);
  const words = net.embedding("embeddings.word", net.input, { vocabulary: VOCABULARY, width: WIDTH });
  const positions = net.embedding("embeddings.position", net.input, { vocabulary: POSITIONS, width: WIDTH });
  const segments = net.embedding("embeddings.segment", net.input, { vocabulary: SEGMENTS, width: WIDTH });
  const embedded = net.add("embeddings.add", [words, positions, segments]);
  let tensor = net.dropout("embeddings.dropout", net.norm("embeddings.norm", embedded, { variant: "layer" }));
  for (let position = 0; position < ENCODERS; position++) {
    tensor = feedForward(net, `encoder.${position}`, selfAttention(net, `encoder.${position}`, tensor));
  }
  const first = net.reshape("pooler.first-token", tensor, [WIDTH]);
  net.activation("pooler.tanh", net.fc("pooler.fc", first, { outputs: WIDTH }), "tanh");
  const scores = net.fc("answer.fc", tensor, { outputs: 2 });
  // Start and end are two choices, each among all tokens.
  net.loss("loss", net.reshape("answer.transpose", scores, [2, TOKENS]));
  return {
    name: "bert-base",
    title: "BERT-base, question answering on 384 tokens",
    source:
      "Devlin, Chang, Lee, Toutanova, BERT, NAACL 2019 (L = 12, H = 768, A = 12; vocabulary of bert-base-uncased), with the span head of run_squad.py",
    input: net.input.shape,
    layers: net.layers(),
  };
}

function selfAttention(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  const queries = net.fc(`${name}.query`, from, { outputs: WIDTH });
  const keys = net.fc(`${name}.key`, from, { outputs: WIDTH });
  const values = net.fc(`${name}.value`, from, { outputs: WIDTH });
  const attention = net.attention(`${name}.attention`, { queries, keys, values }, HEADS);
  const output = net.fc(`${name}.attention.output`, attention, { outputs: WIDTH });
  const added = net.add(`${name}.attention.add`, [net.dropout(`${name}.attention.dropout`, output), from]);
  return net.norm(`${name}.attention.norm`, added, { variant: "layer" });
}

function feedForward(net: NetworkBuilder, name: string, from: Tensor): Tensor {
  const wide = net.activation(
    `${name}.gelu`,
    net.fc(`${name}.intermediate`, from, { outputs: FEED_FORWARD }),
    "gelu",
  );
  const output = net.fc(`${name}.output`, wide, { outputs: WIDTH });
  const added = net.add(`${name}.add`, [net.dropout(`${name}.dropout`, output), from]);
  return net.norm(`${name}.norm`, added, { variant: "layer" });
}
