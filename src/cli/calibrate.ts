/** `berth calibrate <layer-profile.csv…>`: a fit of a user's own GPU from their own layer times. */
import { Command, Option } from "commander";
import { durationFitSchema } from "../catalog/fit-schema.ts";
import { InvalidInput, type InputProblem } from "../catalog/input-problem.ts";
import { loadLayerProfile, type LayerProfile } from "../catalog/layer-profile-csv.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import { parseInput } from "../catalog/parse-json-file.ts";
import { replaceFiles } from "../catalog/replace-files.ts";
import { FRAMEWORKS, type Framework } from "../domain/job.ts";
import { calibrate } from "../performance/calibration.ts";
import type { GpuSpec } from "../performance/gpu.ts";
import { implausibleTime } from "../performance/implausible-times.ts";
import { calibrationText } from "../report/calibration-text.ts";

interface CalibrateOptions {
  readonly gpu: string;
  readonly framework: Framework;
  readonly out: string;
  readonly skipUnknown: boolean;
  readonly source?: string;
  readonly licence: string;
}

/** The command. */
export function calibrateCommand(): Command {
  return new Command("calibrate")
    .description(
      "Fits the duration model to your own layer times (docs/layer-profile.md) and writes the fit.",
    )
    .argument("<profile...>", "layer-profile CSV files, all of one GPU and framework")
    .requiredOption("--gpu <name>", "GPU that was measured, for example V100 or A100-40GB")
    .addOption(
      new Option("--framework <framework>", "framework that was measured")
        .choices(FRAMEWORKS)
        .makeOptionMandatory(),
    )
    .requiredOption("--out <file>", "fit file to write (.json)")
    .option("--skip-unknown", "leave out rows of kinds that Berth does not know", false)
    .option("--source <text>", "where the times come from (default: the file names)")
    .option("--licence <text>", "licence of the times", "the user's own")
    .action(run);
}

function run(paths: readonly string[], options: CalibrateOptions): void {
  const unknownKinds = options.skipUnknown ? "skip" : "refuse";
  const { gpus } = loadReferenceData();
  const gpu = gpus.find(({ name }) => name.toLowerCase() === options.gpu.toLowerCase());
  const profiles = loadAll(paths, (path) => {
    const profile = loadLayerProfile(path, { times: "required", unknownKinds });
    refuseImplausible(profile, gpu);
    return profile;
  });
  const rows = profiles.flatMap((profile) => profile.rows);
  if (rows.length === 0) {
    throw new InvalidInput(paths.join(", "), [
      { path: "", value: 0, message: "no row is left to fit", fix: "Give rows of known kinds with times." },
    ]);
  }
  const calibration = calibrate({
    gpuName: gpu?.name ?? options.gpu,
    gpu,
    framework: options.framework,
    rows,
    source: options.source ?? `layer profile ${profiles.map(({ source }) => fileName(source)).join(", ")}`,
    licence: options.licence,
  });
  // What is written must load again; a failure here is a bug and leaves no file behind.
  parseInput(durationFitSchema, calibration.fit, options.out);
  replaceFiles([{ path: options.out, text: `${JSON.stringify(calibration.fit, null, 2)}\n` }]);
  const notes = gpu === undefined ? [noDataSheet(options.gpu, gpus)] : [];
  console.log(calibrationText(calibration, profiles, notes));
  console.log(`\nWrote ${options.out}. Use it: berth estimate <network> --batch B --fit ${options.out}`);
}

function noDataSheet(name: string, gpus: readonly GpuSpec[]): string {
  return `models/gpus.json has no data sheet of "${name}": without its roofline, kinds with few rows rest on the profile's own best rates alone. Known: ${gpus.map((gpu) => gpu.name).join(", ")}.`;
}

/** Reads every file, and gathers the problems of all of them before failing. */
function loadAll(paths: readonly string[], load: (path: string) => LayerProfile): readonly LayerProfile[] {
  const profiles: LayerProfile[] = [];
  const failures: InvalidInput[] = [];
  for (const path of paths) {
    try {
      profiles.push(load(path));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      failures.push(error);
    }
  }
  const [first, ...others] = failures;
  if (first === undefined) return profiles;
  if (others.length === 0) throw first;
  throw new InvalidInput(
    failures.map(({ source }) => source).join(", "),
    failures.flatMap(({ source, problems }) =>
      problems.map((problem) => ({ ...problem, path: `${source}, ${problem.path}` })),
    ),
  );
}

function refuseImplausible({ source, rows }: LayerProfile, gpu: GpuSpec | undefined): void {
  const problems = rows.flatMap((row): readonly InputProblem[] => {
    const message = implausibleTime(row, gpu);
    if (message === undefined) return [];
    return [
      {
        path: `row ${row.line}, column forwardMilliseconds`,
        value: (row.forwardSeconds ?? 0) * 1000,
        message,
        fix: "Give milliseconds per batch (not seconds, not per sample), measured after the GPU has finished.",
      },
    ];
  });
  if (problems.length > 0) throw new InvalidInput(source, problems);
}

/** Fits travel: they name the file, not the folder it lay in. */
const fileName = (path: string): string => path.split("/").at(-1) ?? path;
