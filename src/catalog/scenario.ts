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
import type { ScenarioJob } from "./job-spec.ts";
import { idSchema, scenarioJobSchema } from "./job-spec.ts";
import { limitsSchema, nodeLimitsOf } from "./limits.ts";
import { loadVmCatalog } from "./load-vm-catalog.ts";
import { noneTwice } from "./none-twice.ts";
import { parseInput, readJsonFile } from "./parse-json-file.ts";
import type { ReferenceData } from "./reference-data.ts";
import { shippedCatalogPath } from "./reference-data.ts";
import { replanIntervalSchema } from "./replan-interval.ts";
import { selectRegion } from "./select-vm-types.ts";

const MAX_JOBS = 100_000;
const MAX_NODES = 100_000;
/** A month: more would never be a boot or a minimum billing. */
const MAX_CHANGE_SECONDS = 2_678_400;

/** Seconds for all VM types, or by VM type id; types that are not named have none. */
const secondsByVmType = z.union([
  z.number().min(0).max(MAX_CHANGE_SECONDS),
  z.record(z.string(), z.number().min(0).max(MAX_CHANGE_SECONDS)),
]);

const scenarioSchema = z.strictObject({
  name: idSchema,
  about: z.string().min(1),
  source: z.string().min(1),
  catalog: z.strictObject({
    /** Name of a shipped catalogue, or a path to one, relative to the scenario file. */
    name: z.string().min(1),
    region: z.string().min(1),
    /** VM types to use; all of the region when left out. */
    vmTypes: z.array(z.string().min(1)).min(1).superRefine(noneTwice).optional(),
    /** Quotas by VM type id, in nodes; they override the catalogue's. */
    quotaNodes: z.record(z.string(), z.int().min(0).max(MAX_NODES)).optional(),
    /** From the rent of a node until its jobs make progress; billed. Left out, nodes are ready at once. */
    bootSeconds: secondsByVmType.optional(),
    /** A node that is given back earlier is billed for this time all the same. Left out, nodes are billed by the second. */
    minimumBillingSeconds: secondsByVmType.optional(),
  }),
  maxNodes: z.int().min(0).max(MAX_NODES),
  limits: limitsSchema.optional(),
  replanIntervalSeconds: replanIntervalSchema,
  jobs: z.array(scenarioJobSchema).max(MAX_JOBS),
});

/** A scenario with its durations predicted. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly settings: ClusterSettings;
  /** In the file's order. */
  readonly jobs: readonly Job[];
  /** The jobs as the file has them, in the same order. */
  readonly specs: readonly ScenarioJob[];
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
  const vmTypes = withCostsOfChange(
    path,
    withQuotas(path, chosenTypes(path, offered, file.catalog.vmTypes), file.catalog.quotaNodes ?? {}),
    file.catalog,
  );
  const limits = nodeLimitsOf(file.limits ?? {}, vmTypes);
  if (limits.kind === "refused") {
    throw new InvalidInput(
      path,
      limits.problems.map((problem) => ({ ...problem, path: `/limits${problem.path}` })),
    );
  }
  const { maxNodes, replanIntervalSeconds } = file;
  const settings: ClusterSettings = {
    vmTypes,
    maxNodes,
    nodeLimits: limits.nodeLimits,
    replanIntervalSeconds,
  };
  const makeJob = jobMaker(reference, settings);
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
    settings,
    jobs,
    specs: file.jobs,
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
  checkNamed(path, vmTypes, { field: "quotaNodes", ids: Object.keys(quotas) });
  return vmTypes.map((vmType) => ({ ...vmType, quotaNodes: quotas[vmType.id] ?? vmType.quotaNodes }));
}

const COSTS_OF_CHANGE = ["bootSeconds", "minimumBillingSeconds"] as const;

function withCostsOfChange(
  path: string,
  vmTypes: readonly VmType[],
  catalog: Readonly<
    Partial<Record<(typeof COSTS_OF_CHANGE)[number], z.output<typeof secondsByVmType> | undefined>>
  >,
): readonly VmType[] {
  return COSTS_OF_CHANGE.reduce((types, field) => {
    const seconds = catalog[field];
    if (seconds === undefined) return types;
    if (typeof seconds === "number") return types.map((vmType) => ({ ...vmType, [field]: seconds }));
    checkNamed(path, vmTypes, { field, ids: Object.keys(seconds) });
    return types.map((vmType) => {
      const own = seconds[vmType.id];
      return own === undefined ? vmType : { ...vmType, [field]: own };
    });
  }, vmTypes);
}

function checkNamed(
  path: string,
  vmTypes: readonly VmType[],
  { field, ids }: { readonly field: string; readonly ids: readonly string[] },
): void {
  const unknown = ids.find((id) => !vmTypes.some((vmType) => vmType.id === id));
  if (unknown !== undefined) throw unknownType(path, `/catalog/${field}/${unknown}`, unknown, vmTypes);
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
