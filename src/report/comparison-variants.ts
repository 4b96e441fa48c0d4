/** Turns requested variants into variants of the domain; every name is looked up, every problem is collected. */
import { durationsOn } from "../catalog/durations-on.ts";
import type { InlineNetworks } from "../catalog/inline-network.ts";
import type { InputProblem } from "../catalog/input-problem.ts";
import { InvalidInput, jsonPointer } from "../catalog/input-problem.ts";
import type { ReferenceData } from "../catalog/reference-data.ts";
import type { ComparisonBase, OtherCatalogue, Variant } from "../comparison/variant.ts";
import { unchanged } from "../comparison/variant.ts";
import { activeJobs } from "../domain/cluster-state.ts";
import { vmTypeId } from "../domain/ids.ts";
import type { VmTypeId } from "../domain/ids.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { VariantRequest } from "./comparison-request.ts";

/** What requests refer to. */
export interface VariantSources {
  readonly reference: ReferenceData;
  /** Layers that jobs of the base brought along. */
  readonly networks: InlineNetworks;
  readonly base: ComparisonBase;
  /** VM types of a catalogue in a region; throws InvalidInput on names that it does not know. */
  readonly vmTypesOf: (catalog: string, region: string) => readonly VmType[];
  /** Where the requests stand, for problems: a file's name, or "body". */
  readonly source: string;
}

/** The variants asked for; throws InvalidInput with a JSON pointer below /variants for every problem. */
export function variantsOf(requests: readonly VariantRequest[], sources: VariantSources): readonly Variant[] {
  const problems: InputProblem[] = [];
  const names = new Set<string>();
  const variants = requests.map((request, index): Variant => {
    const at = (...path: readonly PropertyKey[]): string => jsonPointer(["variants", index, ...path]);
    if (names.has(request.name)) {
      problems.push({
        path: at("name"),
        value: request.name,
        message: "another variant has this name",
        fix: "Give each variant a name of its own.",
      });
    }
    names.add(request.name);
    const catalogue = catalogueOf(request, sources, at("catalog"));
    const offered = catalogue?.vmTypes ?? sources.base.state.settings.vmTypes;
    problems.push(...unknownVmTypes(request, offered, at));
    return domainVariant(request, catalogue);
  });
  if (problems.length > 0) throw new InvalidInput(sources.source, problems);
  return variants;
}

function domainVariant(request: VariantRequest, catalogue: OtherCatalogue | null): Variant {
  const { dueDateSlack } = request;
  return {
    ...unchanged(request.name),
    catalogue,
    onlyVmTypeIds: request.onlyVmTypes?.map(vmTypeId) ?? null,
    pricesPerHourUsd: byVmType(request.pricesPerHourUsd),
    priceFactors: byVmType(request.priceFactors),
    discounts:
      request.discounts?.map(({ kind, share, vmTypes }) => ({
        kind,
        share,
        vmTypeIds: vmTypes?.map(vmTypeId) ?? null,
      })) ?? null,
    maxNodes: request.maxNodes ?? null,
    quotaNodes: byVmType(request.quotaNodes),
    dueDateSlack:
      dueDateSlack === undefined
        ? null
        : { factor: dueDateSlack.factor ?? 1, addedSeconds: dueDateSlack.addedSeconds ?? 0 },
    tardinessWeightFactor: request.tardinessWeightFactor ?? null,
    policy: request.policy ?? null,
    plannedDurations: request.durations ?? null,
  };
}

const byVmType = <Amount>(
  amounts: Readonly<Record<string, Amount>> | undefined,
): ReadonlyMap<VmTypeId, Amount> | null =>
  amounts === undefined
    ? null
    : new Map(Object.entries(amounts).map(([id, amount]) => [vmTypeId(id), amount]));

/** Another catalogue; or the one in force, predicted anew, where a quota is raised from 0: jobs were given no durations there. */
function catalogueOf(
  request: VariantRequest,
  { reference, networks, base, vmTypesOf, source }: VariantSources,
  pointer: string,
): OtherCatalogue | null {
  const { vmTypes: inForce } = base.state.settings;
  const jobs = [...activeJobs(base.state).map(({ job }) => job), ...base.arrivals];
  if (request.catalog !== undefined) {
    const { name, region } = request.catalog;
    const vmTypes = under(pointer, source, () => vmTypesOf(name, region));
    return {
      name: name === region ? name : `${name} (${region})`,
      vmTypes,
      durations: durationsOn({ reference, networks, jobs, known: inForce.filter(isOpen), vmTypes }),
    };
  }
  const isOpened = inForce.some((vmType) => {
    const quota = request.quotaNodes?.[vmType.id];
    return !isOpen(vmType) && quota !== undefined && quota !== 0;
  });
  if (!isOpened) return null;
  const known = inForce.filter(isOpen);
  const durations = durationsOn({ reference, networks, jobs, known, vmTypes: inForce });
  return { name: "as it is, without quotas of 0", vmTypes: inForce, durations };
}

const isOpen = ({ quotaNodes }: VmType): boolean => quotaNodes !== 0;

/** A problem of a catalogue is one of the request that names it. */
function under<Value>(pointer: string, source: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput(
      source,
      error.problems.map((problem) => ({ ...problem, path: `${pointer}${problem.path}` })),
    );
  }
}

function unknownVmTypes(
  request: VariantRequest,
  offered: readonly VmType[],
  at: (...path: readonly PropertyKey[]) => string,
): readonly InputProblem[] {
  const known = new Set<string>(offered.map(({ id }) => id));
  const named: readonly { readonly path: string; readonly id: string }[] = [
    ...(request.onlyVmTypes ?? []).map((id, index) => ({ path: at("onlyVmTypes", index), id })),
    ...(["pricesPerHourUsd", "priceFactors", "quotaNodes"] as const).flatMap((field) =>
      Object.keys(request[field] ?? {}).map((id) => ({ path: at(field, id), id })),
    ),
    ...(request.discounts ?? []).flatMap(({ vmTypes }, discount) =>
      (vmTypes ?? []).map((id, index) => ({ path: at("discounts", discount, "vmTypes", index), id })),
    ),
  ];
  return named
    .filter(({ id }) => !known.has(id))
    .map(({ path, id }) => ({
      path,
      value: id,
      message: "the variant's catalogue has no such VM type",
      fix: `Use one of: ${[...known].join(", ")}.`,
    }));
}
