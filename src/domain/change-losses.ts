/** What changes of the allocation have cost without any progress to show for it. All of it is part of the rent, not on top of it. */
export interface ChangeLosses {
  /** Seconds that jobs held GPUs of nodes that were ready before they went on after a stop or a move, summed over jobs. */
  readonly restartSeconds: number;
  /** The jobs' shares of their nodes' rent in those seconds: GPUs held over GPUs of the node. */
  readonly restartUsd: number;
  /** Seconds between the rent of nodes and their being ready, summed over nodes. */
  readonly bootSeconds: number;
  /** Rent of the nodes in those seconds. */
  readonly bootUsd: number;
  /** Minimum billing that was left of nodes when they were given back or lost. */
  readonly unusedBillingUsd: number;
}

/** Nothing changed, or changes were free. */
export const NO_CHANGE_LOSSES: ChangeLosses = {
  restartSeconds: 0,
  restartUsd: 0,
  bootSeconds: 0,
  bootUsd: 0,
  unusedBillingUsd: 0,
};

/** Both together. */
export function addedLosses(a: ChangeLosses, b: ChangeLosses): ChangeLosses {
  return {
    restartSeconds: a.restartSeconds + b.restartSeconds,
    restartUsd: a.restartUsd + b.restartUsd,
    bootSeconds: a.bootSeconds + b.bootSeconds,
    bootUsd: a.bootUsd + b.bootUsd,
    unusedBillingUsd: a.unusedBillingUsd + b.unusedBillingUsd,
  };
}

/** All of it in USD. */
export const lossesUsd = ({ restartUsd, bootUsd, unusedBillingUsd }: ChangeLosses): number =>
  restartUsd + bootUsd + unusedBillingUsd;
