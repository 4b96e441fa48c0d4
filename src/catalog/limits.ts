/** Limits as a user gives them, in a scenario file or in a cluster's settings: a budget per hour, and quotas of regions, families and VM types. */
import { z } from "zod";
import type { NodeLimit } from "../domain/node-limit.ts";
import { LIMIT_UNITS, unitsOfNode } from "../domain/node-limit.ts";
import type { VmType } from "../domain/vm-type.ts";
import type { InputProblem } from "./input-problem.ts";

/** No cluster is larger; it keeps sums within what a double holds exactly. */
const MAX_LIMIT = 1e9;
const MAX_QUOTAS = 1000;

/** One quota: of all VM types in a region, of a family, of some VM types, or of what these have in common. */
export const quotaSchema = z
  .strictObject({
    region: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Only VM types of this region count.", example: "eastus" }),
    family: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Only VM types of this family count.", example: "NCv3" }),
    vmTypes: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({ description: "Only these VM types count.", example: ["Standard_NC6s_v3"] }),
    limit: z
      .number()
      .min(0)
      .max(MAX_LIMIT)
      .meta({ description: "What all nodes rented at once may come to, in the unit.", example: 48 }),
    unit: z.enum(LIMIT_UNITS).meta({
      description:
        "What is counted: nodes, their vCPUs (as Azure counts quotas), the GPUs or GPU slices they see, or their price.",
      example: "vCPUs",
    }),
  })
  .meta({ id: "Quota", description: "A quota on what is rented at once." });

/** All limits beyond the number of nodes and the quotas of single VM types. */
export const limitsSchema = z
  .strictObject({
    budgetPerHourUsd: z
      .number()
      .min(0)
      .max(MAX_LIMIT)
      .optional()
      .meta({ description: "What all nodes rented at once may cost per hour.", example: 20 }),
    quotas: z
      .array(quotaSchema)
      .max(MAX_QUOTAS)
      .optional()
      .meta({ description: "Quotas of regions, families and groups of VM types." }),
  })
  .meta({
    id: "Limits",
    description: "What may be rented at once, beyond maxNodes and quotas of single VM types.",
  });

/** Limits as parsed. */
export type Limits = Readonly<z.output<typeof limitsSchema>>;
type Quota = Readonly<z.output<typeof quotaSchema>>;

/** Id of the limit that `budgetPerHourUsd` becomes. */
export const BUDGET_LIMIT_ID = "budget-per-hour";

/** Limits over a cluster's VM types, or everything that is wrong with them; paths start at the limits. */
export type NodeLimitsFromInput =
  | { readonly kind: "limits"; readonly nodeLimits: readonly NodeLimit[] }
  | { readonly kind: "refused"; readonly problems: readonly InputProblem[] };

/** Turns limits into rows over a cluster's VM types. */
export function nodeLimitsOf(limits: Limits, vmTypes: readonly VmType[]): NodeLimitsFromInput {
  const quotas = limits.quotas ?? [];
  const problems = quotas.flatMap((quota, index) => [
    ...quotaProblems(quota, `/quotas/${index}`, vmTypes),
    ...repeatProblems(quotas, index),
  ]);
  if (problems.length > 0) return { kind: "refused", problems };
  const budget: readonly NodeLimit[] =
    limits.budgetPerHourUsd === undefined
      ? []
      : [
          {
            id: BUDGET_LIMIT_ID,
            label: "hourly budget",
            weights: weightsOf(vmTypes, "USD per hour"),
            limit: limits.budgetPerHourUsd,
            unit: "USD per hour",
          },
        ];
  return { kind: "limits", nodeLimits: [...budget, ...quotas.map((quota) => quotaLimit(quota, vmTypes))] };
}

const quotaLimit = (quota: Quota, vmTypes: readonly VmType[]): NodeLimit => ({
  id: quotaId(quota),
  label: quotaLabel(quota),
  weights: weightsOf(counted(quota, vmTypes), quota.unit),
  limit: quota.limit,
  unit: quota.unit,
});

function counted({ region, family, vmTypes: ids }: Quota, vmTypes: readonly VmType[]): readonly VmType[] {
  return vmTypes.filter(
    (vmType) =>
      (region === undefined || vmType.region === region) &&
      (family === undefined || vmType.family === family) &&
      (ids?.includes(vmType.id) ?? true),
  );
}

function weightsOf(vmTypes: readonly VmType[], unit: Quota["unit"]): Readonly<Record<string, number>> {
  return Object.fromEntries(vmTypes.map((vmType) => [vmType.id, unitsOfNode(vmType, unit) ?? 0]));
}

/** What is counted and in which unit, so that it stays the same while the limit is raised. */
function quotaId({ region, family, vmTypes, unit }: Quota): string {
  const parts = [region, family, vmTypes?.join("+"), unit].filter((part) => part !== undefined);
  return ["quota", ...parts].join(".").replaceAll(" ", "-");
}

function quotaLabel({ region, family, vmTypes }: Quota): string {
  const what = [
    ...(family === undefined ? [] : [`family ${family}`]),
    ...(vmTypes === undefined ? [] : [vmTypes.join(", ")]),
  ].join(", ");
  if (region === undefined) return what === "" ? "quota of all VM types" : `quota of ${what}`;
  return what === "" ? `quota of region ${region}` : `quota of ${what} in ${region}`;
}

function quotaProblems(quota: Quota, path: string, vmTypes: readonly VmType[]): readonly InputProblem[] {
  const named = namingProblems(quota, path, vmTypes);
  if (named.length > 0) return named;
  const matching = counted(quota, vmTypes);
  if (matching.length === 0) {
    return [
      {
        path,
        value: quota,
        message: "no VM type fits the region, the family and the VM types together",
        fix: "Leave one of them out, or correct it.",
      },
    ];
  }
  return matching.flatMap((vmType): readonly InputProblem[] =>
    unitsOfNode(vmType, quota.unit) === null
      ? [
          {
            path: `${path}/unit`,
            value: quota.unit,
            message: `the catalogue does not say how many ${quota.unit} ${vmType.id} has`,
            fix: "Give the quota in nodes or GPUs, or add the figure to the catalogue.",
          },
        ]
      : [],
  );
}

/** Names that no VM type has. */
function namingProblems(
  { region, family, vmTypes: ids }: Quota,
  path: string,
  vmTypes: readonly VmType[],
): readonly InputProblem[] {
  const unknown = (
    field: string,
    value: string | undefined,
    known: { readonly names: readonly (string | null)[]; readonly what: string },
  ): readonly InputProblem[] => {
    const names = [...new Set(known.names.filter((name) => name !== null))].sort();
    if (value === undefined || names.includes(value)) return [];
    const fix = names.length === 0 ? "Give vmTypes instead." : `Use one of: ${names.join(", ")}.`;
    return [{ path: `${path}/${field}`, value, message: `no VM type of the cluster ${known.what}`, fix }];
  };
  const ofFamily = (ids ?? []).flatMap((id, index) => {
    const vmType = vmTypes.find((candidate) => candidate.id === id);
    if (family === undefined || vmType?.family !== null) return [];
    return [
      {
        path: `${path}/vmTypes/${index}`,
        value: id,
        message: `the catalogue does not say of which family ${id} is`,
        fix: "Leave the family out, or add it to the catalogue.",
      },
    ];
  });
  return [
    ...unknown("region", region, {
      names: vmTypes.map((vmType) => vmType.region),
      what: "is in this region",
    }),
    ...unknown("family", family, {
      names: vmTypes.map((vmType) => vmType.family),
      what: "is of this family",
    }),
    ...(ids ?? []).flatMap((id, index) =>
      unknown(`vmTypes/${index}`, id, { names: vmTypes.map((vmType) => vmType.id), what: "has this id" }),
    ),
    ...ofFamily,
  ];
}

function repeatProblems(quotas: readonly Quota[], index: number): readonly InputProblem[] {
  const quota = quotas[index];
  if (quota === undefined) return [];
  const first = quotas.findIndex((other) => quotaId(other) === quotaId(quota));
  if (first === index) return [];
  return [
    {
      path: `/quotas/${index}`,
      value: quota,
      message: `/quotas/${first} counts the same in the same unit`,
      fix: "Keep the smaller one: both would have to hold.",
    },
  ];
}
