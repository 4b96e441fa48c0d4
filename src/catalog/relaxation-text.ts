/** A relaxation in words, as the fix of a problem: what to raise, from what to what. */
import { assertNever } from "../domain/assert-never.ts";
import type { LimitUnit } from "../domain/node-limit.ts";
import type { LimitChange, RaisableLimit } from "../domain/relaxation.ts";

/** "Raise the quota of family NCv3 in eastus from 0 to 6 vCPUs, or the hourly budget from 1.00 to 1.24 USD per hour." */
export function raiseText(alternatives: readonly (readonly LimitChange[])[]): string {
  const texts = alternatives.map((changes) => changes.map(changeText).join(" and "));
  return `Raise ${texts.join(", or ")}.`;
}

/** One limit raised, in words. What is raised to is rounded up, so that following the advice is enough. */
export function changeText({ limit, from, to }: LimitChange): string {
  const unit = unitOf(limit);
  return `${limitText(limit)} from ${amountText(from, unit)} to ${amountText(roundedUp(to, unit), unit)} ${unit}`;
}

/** A limit by the name that a user knows it by. */
export function limitText(limit: RaisableLimit): string {
  switch (limit.kind) {
    case "max-nodes":
      return "maxNodes";
    case "vm-type-quota":
      return `the quota of ${limit.vmTypeId}`;
    case "node-limit":
      return `the ${limit.label}`;
    case "job-budget":
      return limit.jobId === "" ? "the budget of the job" : `the budget of job ${limit.jobId}`;
    default:
      return assertNever(limit);
  }
}

type Unit = LimitUnit | "USD";

/** What a limit is in: a budget of a job in USD. */
export function unitOf(limit: RaisableLimit): Unit {
  switch (limit.kind) {
    case "max-nodes":
    case "vm-type-quota":
      return "nodes";
    case "node-limit":
      return limit.unit;
    case "job-budget":
      return "USD";
    default:
      return assertNever(limit);
  }
}

const isMoney = (unit: Unit): boolean => unit === "USD" || unit === "USD per hour";

/** Decimals of an amount of money: cents, or three digits where cents would say little. */
const decimalsOf = (usd: number): number => (usd > 0 && usd < 0.1 ? 2 - Math.floor(Math.log10(usd)) : 2);

function amountText(amount: number, unit: Unit): string {
  return isMoney(unit) ? amount.toFixed(decimalsOf(amount)) : `${Number(amount.toPrecision(12))}`;
}

function roundedUp(amount: number, unit: Unit): number {
  if (!isMoney(unit)) return amount;
  const factor = 10 ** decimalsOf(amount);
  // An amount of whole cents is not to become a cent more by rounding.
  return Math.ceil(amount * factor * (1 - Number.EPSILON)) / factor;
}
