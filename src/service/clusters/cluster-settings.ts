/** From a cluster's configuration to the limits and prices that hold at an instant: the one place where catalogue, calendar and price plan meet. */
import type { AppliedPricePlan } from "../../catalog/apply-price-plan.ts";
import { applyPricePlan } from "../../catalog/apply-price-plan.ts";
import { pricePlanProblems } from "../../catalog/check-price-plan.ts";
import { vmCatalogProblems } from "../../catalog/check-vm-catalog.ts";
import type { InputProblem } from "../../catalog/input-problem.ts";
import { InvalidInput } from "../../catalog/input-problem.ts";
import { nodeLimitsOf } from "../../catalog/limits.ts";
import { loadVmCatalog } from "../../catalog/load-vm-catalog.ts";
import { applyPriceCalendar, nextPriceChangeAfter } from "../../catalog/price-calendar.ts";
import { nextPricePlanChangeAfter } from "../../catalog/price-plan.ts";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import { shippedCatalogNames, shippedCatalogPath } from "../../catalog/reference-data.ts";
import { chosenTypes, withQuotas } from "../../catalog/scenario.ts";
import { selectRegion } from "../../catalog/select-vm-types.ts";
import type { VmCatalog } from "../../catalog/vm-catalog-schema.ts";
import type { ClusterSettings } from "../../domain/cluster-state.ts";
import { sortedById, vmTypeId } from "../../domain/ids.ts";
import type { VmType } from "../../domain/vm-type.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { ClusterConfiguration } from "./cluster-configuration.ts";
import { configurationOf } from "./cluster-configuration.ts";

const SOURCE = "configuration";

/** Limits and prices at an instant (seconds since the Unix epoch). Throws InvalidInput where the configuration names what is not there. */
export function settingsOf(
  configuration: ClusterConfiguration,
  reference: ReferenceData,
  atSeconds: number,
): ClusterSettings {
  const { maxNodes, replanIntervalSeconds, durationPercentile, limits } = configuration;
  const { vmTypes: priced } = pricedVmTypes(configuration, reference, atSeconds);
  const vmTypes = priced.map((vmType) => withCostsOfChange(vmType, configuration));
  const limited = nodeLimitsOf(limits, vmTypes);
  if (limited.kind === "refused") throw new InvalidInput(SOURCE, limited.problems.map(below("/limits")));
  return {
    vmTypes,
    maxNodes,
    nodeLimits: limited.nodeLimits,
    replanIntervalSeconds,
    durationPercentile,
  };
}

/** What a VM type says of itself goes before what holds for all; nothing is said where it is 0. */
function withCostsOfChange(vmType: VmType, cluster: ClusterConfiguration): VmType {
  const bootSeconds = vmType.bootSeconds ?? cluster.bootSeconds;
  const minimumBillingSeconds = vmType.minimumBillingSeconds ?? cluster.minimumBillingSeconds;
  return {
    ...vmType,
    ...(bootSeconds > 0 ? { bootSeconds } : {}),
    ...(minimumBillingSeconds > 0 ? { minimumBillingSeconds } : {}),
  };
}

/** What a cluster offers at an instant, at the price of one more node, and what is paid for reservations anyway. */
function pricedVmTypes(
  { catalog, priceCalendar, pricePlan }: ClusterConfiguration,
  reference: ReferenceData,
  atSeconds: number,
): Pick<AppliedPricePlan, "vmTypes" | "fixedCostPerHourUsd"> {
  const listed = listedVmTypes(catalog, reference);
  const timed = priceCalendar === null ? listed : applyPriceCalendar(listed, priceCalendar, atSeconds);
  if (pricePlan === null) return { vmTypes: sortedById(timed), fixedCostPerHourUsd: 0 };
  const problems = pricePlanProblems(pricePlan, listed);
  if (problems.length > 0) throw new InvalidInput(SOURCE, problems.map(below("/pricePlan")));
  return applyPricePlan(timed, pricePlan, atSeconds);
}

/** What a cluster pays for its reservations at an instant, used or not, in USD per hour. */
export const paidAnywayPerHourUsd = (
  cluster: ClusterRecord,
  reference: ReferenceData,
  atSeconds: number,
): number => pricedVmTypes(configurationOf(cluster), reference, atSeconds).fixedCostPerHourUsd;

/** The first instant after one at which prices change by calendar or price plan; null when they never do. */
export function nextSettingsChangeAfter(
  { priceCalendar, pricePlan }: Pick<ClusterConfiguration, "priceCalendar" | "pricePlan">,
  atSeconds: number,
): number | null {
  const instants = [
    priceCalendar === null ? null : nextPriceChangeAfter(priceCalendar, atSeconds),
    pricePlan === null ? null : nextPricePlanChangeAfter(pricePlan, atSeconds),
  ].filter((instant) => instant !== null);
  return instants.length === 0 ? null : Math.min(...instants);
}

/** Settings that can follow others: VM types that are no longer offered stay with a quota of 0, so that nodes of them can be given back. */
export function settingsAfter(before: ClusterSettings, next: ClusterSettings): ClusterSettings {
  const offered = new Set(next.vmTypes.map(({ id }) => id));
  const closed = before.vmTypes
    .filter(({ id }) => !offered.has(id))
    .map((vmType) => ({ ...vmType, quotaNodes: 0 }));
  return { ...next, vmTypes: sortedById([...next.vmTypes, ...closed]) };
}

function listedVmTypes(
  catalog: ClusterConfiguration["catalog"],
  reference: ReferenceData,
): readonly VmType[] {
  if (catalog.kind === "inline") {
    const problems = inlineProblems(catalog.vmTypes, reference);
    if (problems.length > 0) throw new InvalidInput(SOURCE, problems);
    return catalog.vmTypes.map(({ bootSeconds, minimumBillingSeconds, ...row }) => ({
      ...row,
      id: vmTypeId(row.id),
      family: row.family ?? null,
      ...(bootSeconds === undefined ? {} : { bootSeconds }),
      ...(minimumBillingSeconds === undefined ? {} : { minimumBillingSeconds }),
    }));
  }
  const offered = regionOf(shippedCatalog(catalog.name, reference), catalog.region);
  return withQuotas(SOURCE, chosenTypes(SOURCE, offered, catalog.vmTypes), catalog.quotaNodes ?? {});
}

const shippedCatalogs = new Map<string, VmCatalog>();

function shippedCatalog(name: string, { gpus }: ReferenceData): VmCatalog {
  const known = shippedCatalogs.get(name);
  if (known !== undefined) return known;
  const names = shippedCatalogNames();
  if (!names.includes(name))
    throw new InvalidInput(SOURCE, [
      {
        path: "/catalog/name",
        value: name,
        message: "no shipped catalogue has this name",
        fix: `Use one of: ${names.join(", ")}; or give vmTypes inline.`,
      },
    ]);
  const catalog = loadVmCatalog(shippedCatalogPath(name), gpus);
  shippedCatalogs.set(name, catalog);
  return catalog;
}

function regionOf(catalog: VmCatalog, region: string): readonly VmType[] {
  try {
    return selectRegion(catalog, region);
  } catch (error) {
    if (error instanceof InvalidInput) throw new InvalidInput(SOURCE, error.problems.map(below("/catalog")));
    throw error;
  }
}

type InlineVmTypes = Extract<ClusterConfiguration["catalog"], { kind: "inline" }>["vmTypes"];

/** What is wrong with VM types of one's own, by the rules of catalogues. */
function inlineProblems(vmTypes: InlineVmTypes, { gpus }: ReferenceData): readonly InputProblem[] {
  const catalog: VmCatalog = {
    name: "inline",
    about: "VM types of a cluster's configuration",
    sources: { configuration: { title: "The cluster's configuration", url: null } },
    vmTypes: vmTypes.map((row) => ({
      ...row,
      id: vmTypeId(row.id),
      priceDate: "2026",
      priceSource: "configuration",
      source: "configuration",
      retirement: null,
    })),
    withoutPrice: [],
  };
  return [...vmCatalogProblems(catalog, gpus).map(below("/catalog")), ...repeatedIds(vmTypes)];
}

function repeatedIds(vmTypes: InlineVmTypes): readonly InputProblem[] {
  const first = new Map<string, number>();
  return vmTypes.flatMap(({ id }, index): readonly InputProblem[] => {
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return [];
    }
    return [
      {
        path: `/catalog/vmTypes/${index}/id`,
        value: id,
        message: `/catalog/vmTypes/${earlier} has this id too, and within a cluster an id is one VM type`,
        fix: "Give it an id of its own, for example with its region.",
      },
    ];
  });
}

const below =
  (path: string) =>
  (problem: InputProblem): InputProblem => ({ ...problem, path: `${path}${problem.path}` });
