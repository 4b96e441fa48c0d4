/** The only cost arithmetic: the plan, the report, the simulator and the check of every objective call these functions. */
import { perHourToPerSecond } from "./units.ts";

/** Rent of one node in USD for a duration. */
export function rentUsd(args: {
  readonly pricePerHourUsd: number;
  readonly durationSeconds: number;
}): number {
  return perHourToPerSecond(args.pricePerHourUsd) * args.durationSeconds;
}

/** Rent in USD per hour of all nodes together; each costs its whole price however few of its GPUs are used. */
export function rentPerHourUsd(nodes: readonly { readonly pricePerHourUsd: number }[]): number {
  return nodes.reduce((total, node) => total + node.pricePerHourUsd, 0);
}

/** Rent in USD of what is left of a node's minimum billing when it is given back or lost. */
export function unusedBillingUsd(args: {
  readonly pricePerHourUsd: number;
  readonly paidUntilSeconds: number;
  readonly atSeconds: number;
}): number {
  return rentUsd({ ...args, durationSeconds: Math.max(0, args.paidUntilSeconds - args.atSeconds) });
}

/** Part of a node's rent that a job answers for: its GPUs over the GPUs in use, so that the shares of a node add up to its rent. */
export function shareOfRentUsd(args: {
  readonly pricePerHourUsd: number;
  readonly durationSeconds: number;
  readonly gpus: number;
  readonly gpusInUse: number;
}): number {
  return (rentUsd(args) * args.gpus) / args.gpusInUse;
}

/** max(0, C_j − d_j) in seconds. */
export function tardinessSeconds(args: {
  readonly completionAtSeconds: number;
  readonly dueAtSeconds: number;
}): number {
  return Math.max(0, args.completionAtSeconds - args.dueAtSeconds);
}

/** ω_j · max(0, C_j − d_j) in USD. */
export function tardinessCostUsd(args: {
  readonly completionAtSeconds: number;
  readonly dueAtSeconds: number;
  readonly tardinessCostPerSecondUsd: number;
}): number {
  return args.tardinessCostPerSecondUsd * tardinessSeconds(args);
}
