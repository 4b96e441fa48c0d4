import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { FitLibrary } from "../performance/fit.ts";
import { allReduceFitSchema, durationFitSchema } from "./fit-schema.ts";
import { parseJsonFile } from "./parse-json-file.ts";
import { scalingFitSchema } from "./scaling-fit-schema.ts";

const ALL_REDUCE_SUFFIX = "-all-reduce.json";
const SCALING_SUFFIX = "-scaling.json";

/** Loads every fit of a folder such as models/fits, by file name; throws InvalidInput naming the file and the field. */
export function loadFits(folder: string): FitLibrary {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
  const isAllReduce = (name: string): boolean => name.endsWith(ALL_REDUCE_SUFFIX);
  const isScaling = (name: string): boolean => name.endsWith(SCALING_SUFFIX);
  return {
    durationFits: names
      .filter((name) => !isAllReduce(name) && !isScaling(name))
      .map((name) => parseJsonFile(durationFitSchema, join(folder, name))),
    allReduceFits: names
      .filter(isAllReduce)
      .map((name) => parseJsonFile(allReduceFitSchema, join(folder, name))),
    scalingFits: names.filter(isScaling).map((name) => parseJsonFile(scalingFitSchema, join(folder, name))),
  };
}
