/** MAPE tables of the slides (Gianniti, Zhang, Ardagna, CLOSER 2019), in percent, to stand beside ours. */
import { table } from "../../tools/fits/markdown-table.ts";

export const SLIDES_BATCH_SIZE = table(
  ["network", "framework", "P600 ×1, 2", "K80 ×1, 2, 3, 4", "M60 ×1, 2, 3, 4", "GTX 1080Ti ×1, 2, 4, 8"],
  [
    [
      "AlexNet",
      "PyTorch",
      "11.12, 7.85",
      "1.74, 3.33, 1.81, 0.66",
      "6.19, 3.49, 6.58, 0.75",
      "0.43, 1.62, 1.15, 4.16",
    ],
    [
      "AlexNet",
      "TensorFlow",
      "9.83, 10.04",
      "2.30, 2.61, 4.28, 2.82",
      "7.19, 6.36, 6.91, 6.96",
      "4.06, 5.36, 1.14, 1.12",
    ],
    [
      "ResNet-50",
      "PyTorch",
      "10.64, 11.97",
      "0.76, 7.83, 3.09, 4.53",
      "3.60, 20.04, 9.58, 4.64",
      "12.62, 11.93, 20.63, 4.29",
    ],
    [
      "ResNet-50",
      "TensorFlow",
      "2.37, 14.35",
      "10.25, 1.27, 1.84, 6.83",
      "2.08, 2.79, 3.07, 21.49",
      "0.68, 6.44, 1.43, 12.06",
    ],
    [
      "VGG-19",
      "PyTorch",
      "–, –",
      "13.88, 21.71, 27.63, 9.65",
      "10.74, 18.54, 13.81, 7.68",
      "24.98, 17.40, 2.93, 14.06",
    ],
    [
      "VGG-19",
      "TensorFlow",
      "–, –",
      "18.20, 0.92, 1.16, 10.58",
      "7.34, 5.06, 2.74, 6.92",
      "22.88, 6.37, 24.12, 23.56",
    ],
    [
      "DeepSpeech",
      "TensorFlow",
      "6.69, 5.25",
      "22.46, 15.82, 3.14, 4.41",
      "19.08, 12.98, 7.09, 7.11",
      "5.80, 9.63, 13.87, 5.93",
    ],
  ],
);

export const SLIDES_GPU_COUNT = table(
  ["network", "framework", "K80", "M60", "GTX 1080Ti"],
  [
    ["AlexNet", "PyTorch", "7.21", "12.18", "4.98"],
    ["AlexNet", "TensorFlow", "24.75", "17.27", "8.77"],
    ["ResNet-50", "PyTorch", "5.11", "9.04", "11.76"],
    ["ResNet-50", "TensorFlow", "24.58", "18.29", "6.54"],
    ["VGG-19", "PyTorch", "12.20", "15.98", "24.13"],
    ["VGG-19", "TensorFlow", "8.84", "13.52", "13.65"],
    ["DeepSpeech", "TensorFlow", "11.86", "17.49", "20.97"],
  ],
);

export const SLIDES_COMPUTE_POWER = table(
  ["network", "framework", "MAPE"],
  [
    ["AlexNet", "PyTorch", "8.28"],
    ["AlexNet", "TensorFlow", "5.08"],
    ["ResNet-50", "PyTorch", "18.09"],
    ["ResNet-50", "TensorFlow", "10.10"],
    ["DeepSpeech", "TensorFlow", "11.72 (all features), 10.14 (5 features)"],
  ],
);

export const SLIDES_INNER_MODULES = table(
  ["network", "framework", "modules at most in training", "M60 ×1", "M60 ×2", "M60 ×4"],
  [
    ["ResNet", "PyTorch", "4", "23.51", "27.95", "17.40"],
    ["ResNet", "PyTorch", "5", "24.85", "25.11", "16.75"],
    ["ResNet", "PyTorch", "6", "26.76", "20.40", "16.63"],
    ["ResNet", "PyTorch", "8", "17.06", "7.93", "15.99"],
  ],
);
