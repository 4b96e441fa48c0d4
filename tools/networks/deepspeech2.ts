/**
 * DeepSpeech2 as Pollux measured it (petuum/adaptdl, benchmark/models/deepspeech2, its default options): the paper's
 * network in the form of SeanNaren/deepspeech.pytorch, 5 bidirectional GRU layers of 800 with summed directions.
 *
 * A spectrogram of 16 kHz sound in windows of 20 ms has 161 frequencies, and one column per 10 ms. The number of columns is
 * the utterance's, so a time per sample needs one to be fixed: 300, three seconds, about the mean of CMU Arctic, which
 * Pollux trains on. (Librispeech's mean is four times that, and so are its operations.)
 */
import type { Network } from "../../src/performance/network.ts";
import { startNetwork } from "./network-builder.ts";

/** What differs between the configurations in use. */
export interface DeepSpeech2Size {
  readonly recurrentLayers: number;
  readonly hidden: number;
  /** Characters that can be written, the blank included. */
  readonly labels: number;
}

const FREQUENCIES = 161;
const COLUMNS = 300;

/** DeepSpeech2 with GRU cells, of the given size, over a spectrogram [1, 161 frequencies, 300 columns]. */
export function deepSpeech2({ recurrentLayers, hidden, labels }: DeepSpeech2Size): Network {
  const net = startNetwork([1, FREQUENCIES, COLUMNS]);
  const conv1 = net.conv("conv1", net.input, {
    outputs: 32,
    kernel: [41, 11],
    stride: [2, 2],
    padding: [20, 5],
  });
  const hardtanh1 = net.activation("hardtanh1", net.norm("norm1", conv1, { variant: "batch" }), "hardtanh");
  const conv2 = net.conv("conv2", hardtanh1, {
    outputs: 32,
    kernel: [21, 11],
    stride: [2, 1],
    padding: [10, 5],
  });
  const hardtanh2 = net.activation("hardtanh2", net.norm("norm2", conv2, { variant: "batch" }), "hardtanh");
  const [channels = 0, frequencies = 0, steps = 0] = hardtanh2.shape;
  let tensor = net.reshape("collapse", hardtanh2, [steps, channels * frequencies]);
  for (let position = 0; position < recurrentLayers; position++) {
    const name = `rnn${position}`;
    if (position > 0) tensor = net.norm(`${name}.norm`, tensor, { variant: "batch" });
    tensor = net.recurrent(name, tensor, { cell: "gru", hidden, directions: "two summed" });
  }
  const normed = net.norm("fc.norm", tensor, { variant: "batch" });
  // The loss layer counts the softmax that the connectionist temporal classification reads.
  net.loss("ctc", net.fc("fc", normed, { outputs: labels, bias: "none" }));
  return {
    name: "deepspeech2",
    title: "DeepSpeech2, 5 bidirectional GRU layers of 800, utterances of 3 s",
    source:
      "Amodei et al., Deep Speech 2, ICML 2016, as petuum/adaptdl benchmark/models/deepspeech2 (SeanNaren/deepspeech.pytorch: 5 GRU layers of 800, 29 labels, directions summed), 300 columns of 10 ms",
    input: net.input.shape,
    layers: net.layers(),
  };
}
