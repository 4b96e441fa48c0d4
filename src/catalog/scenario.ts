/** Scenario files: the data of one planning problem or simulation (cluster limits and jobs). */
import { isAbsolute, resolve } from "node:path";
import { dirname } from "node:path";
import { z } from "zod";
import type { ClusterSettings } from "../domain/cluster-state.ts";
import { jobId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { InputProblem } from "./input-problem.ts";
import { InvalidInput } from "./input-problem.ts";
import { jobMaker } from "./job-from-spec.ts";
import { idSchema, scenarioJobSchema } from "./job-spec.ts";
import { loadVmCatalog } from "./load-vm-catalog.ts";
import { parseInput, readJsonFile } from "./parse-json-file.ts";
import type { ReferenceData } from "./reference-data.ts";
import { shippedCatalogPath } from "./reference-data.ts";
import { selectRegion } from "./select-vm-types.ts";

const MAX_JOBS = 100_000;
const MAX_NODES = 100_000;

const scenarioSchema = z.strictObject({
  name: idSchema,
  about: z.string().min(1),
  source: z.string().min(1),
  catalog: z.strictObject({
    /** Name of a shipped catalogue, or a path to one, relative to the scenario file. */
    name: z.string().min(1),
    region: z.string().min(1),
    /** VM types to use; all of the region when left out. */
    vmTypes: z.array(z.string().min(1)).min(1).optional(),
    /** Quotas by VM type id, in nodes; they override the catalogue's. */
    quotaNodes: z.record(z.string(), z.int().min(0).max(MAX_NODES)).optional(),
  }),
  maxNodes: z.int().min(0).max(MAX_NODES),
  replanIntervalSeconds: z.number().positive(),
  jobs: z.array(scenarioJobSchema).max(MAX_JOBS),
});

/** A scenario with its durations predicted. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly settings: ClusterSettings;
  /** In the file's order. */
  readonly jobs: readonly Job[];
}

/** Loads a scenario file with its catalogue; throws InvalidInput naming file, path, value and fix. */
export function loadScenario(path: string, reference: ReferenceData): Scenario {
  const file = parseInput(scenarioSchema, readJsonFile(path), path);
  const catalogPath = file.catalog.name.endsWith(".json")
    ? isAbsolute(file.catalog.name)
      ? file.catalog.name
      : resolve(dirname(path), file.catalog.name)
    : shippedCatalogPath(file.catalog.name);
  const offered = selectRegion(loadVmCatalog(catalogPath, reference.gpus), file.catalog.region);
  const vmTypes = withQuotas(
    path,
    chosenTypes(path, offered, file.catalog.vmTypes),
    file.catalog.quotaNodes ?? {},
  );
  const makeJob = jobMaker(reference, vmTypes);
  const problems: InputProblem[] = [];
  const seen = new Set<string>();
  const jobs = file.jobs.flatMap((spec, index): readonly Job[] => {
    if (seen.has(spec.id)) {
      problems.push({
        path: `/jobs/${index}/id`,
        value: spec.id,
        message: "another job has this id",
        fix: "Give each job an id of its own.",
      });
    }
    seen.add(spec.id);
    const made = makeJob(spec, { id: jobId(spec.id), submittedAtSeconds: spec.submittedAt });
    if (made.kind === "job") return [made.job];
    problems.push(...made.problems.map((problem) => ({ ...problem, path: `/jobs/${index}${problem.path}` })));
    return [];
  });
  if (problems.length > 0) throw new InvalidInput(path, problems);
  return {
    name: file.name,
    about: file.about,
    settings: { vmTypes, maxNodes: file.maxNodes, replanIntervalSeconds: file.replanIntervalSeconds },
    jobs,
  };
}

/** The VM types of a list that are wanted, all where none are named. Throws InvalidInput (at /catalog/vmTypes) on an unknown one. */
export function chosenTypes(
  path: string,
  offered: readonly VmType[],
  wanted: readonly string[] | undefined,
): readonly VmType[] {
  if (wanted === undefined) return offered;
  return wanted.map((id, index) => {
    const found = offered.find((vmType) => vmType.id === id);
    if (found !== undefined) return found;
    throw unknownType(path, `/catalog/vmTypes/${index}`, id, offered);
  });
}

/** VM types with quotas in nodes by id in place of their own. Throws InvalidInput (at /catalog/quotaNodes) on an unknown one. */
export function withQuotas(
  path: string,
  vmTypes: readonly VmType[],
  quotas: Readonly<Record<string, number>>,
): readonly VmType[] {
  for (const id of Object.keys(quotas)) {
    if (!vmTypes.some((vmType) => vmType.id === id))
      throw unknownType(path, `/catalog/quotaNodes/${id}`, id, vmTypes);
  }
  return vmTypes.map((vmType) => ({ ...vmType, quotaNodes: quotas[vmType.id] ?? vmType.quotaNodes }));
}

function unknownType(path: string, pointer: string, id: string, known: readonly VmType[]): InvalidInput {
  return new InvalidInput(path, [
    {
      path: pointer,
      value: id,
      message: "the catalogue has no such VM type in this region",
      fix: `Use one of: ${known.map((vmType) => vmType.id).join(", ")}.`,
    },
  ]);
}
