/**
 * A price plan on a cluster's VM types: what one more node of each costs, and what is paid anyway.
 *
 *   discount     c_v · Π (1 − percent / 100) over the discounts that count, in any order
 *   reservation  r nodes of v for p USD per hour each are paid anyway: r · p is fixed cost. v is then offered twice:
 *                `v:reserved`, at most r nodes at the marginal price 0, and `v` itself at its own price for every further node.
 *                A quota Q of v holds for both together: min(r, Q) reserved nodes and Q − min(r, Q) others.
 *   spot         only for the VM types of planAtSpotPrice: the spot price in place of c_v; discounts do not apply to it
 *
 * Σ_n c_v(n) over the rented nodes + fixed cost = the bill, as long as no node is rented outside a reservation that has room, which no
 * plan of least cost does. billedPerHourUsd states the bill without that condition, as a provider computes it.
 */
import { rentPerHourUsd } from "../domain/cost.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { sortedById } from "../domain/ids.ts";
import type { VmType } from "../domain/vm-type.ts";
import { azureVmShape } from "./azure-vm-shapes.ts";
import { pricePlanProblems, spotPriceOf, unknownSpotPrice } from "./check-price-plan.ts";
import { InvalidInput } from "./input-problem.ts";
import type { Discount, PricePlan, Reservation } from "./price-plan.ts";
import { isValidAt } from "./price-plan.ts";
import { reservedTwinId } from "./reserved-twin.ts";

/** What a price plan did to one VM type, or a rule that did nothing, in words for people. */
export interface PriceNote {
  readonly kind: "discounted" | "spot" | "reserved" | "reserved-beyond-quota" | "without-effect";
  /** null for a rule about a VM type that the cluster does not have. */
  readonly vmTypeId: VmTypeId | null;
  readonly text: string;
}

/** VM types as a planner sees them under a price plan. */
export interface AppliedPricePlan {
  /** With reserved twins, at the price of one more node; sorted by id. */
  readonly vmTypes: readonly VmType[];
  /** Paid for reserved nodes whether they run or not; it is in no VM type's price. */
  readonly fixedCostPerHourUsd: number;
  readonly notes: readonly PriceNote[];
  /** From each reserved twin to the VM type whose twin it is; for withTwinDurations. */
  readonly twinOf: ReadonlyMap<VmTypeId, VmTypeId>;
}

interface Offer {
  readonly vmTypes: readonly VmType[];
  readonly notes: readonly PriceNote[];
}

/**
 * Applies the rules that count at an instant (seconds since the Unix epoch). A VM type with a reservation that does not count then keeps its
 * twin, with a quota of 0, so that nodes of it can still be given back. Throws InvalidInput where a spot price is asked for and not known.
 */
export function applyPricePlan(
  vmTypes: readonly VmType[],
  plan: PricePlan,
  atSeconds: number,
): AppliedPricePlan {
  const offers = vmTypes.map((vmType) => offerOf(vmType, plan, atSeconds));
  const reserved = plan.reservations.filter((rule) => isValidAt(rule, atSeconds));
  return {
    vmTypes: sortedById(offers.flatMap((offer) => offer.vmTypes)),
    fixedCostPerHourUsd: reserved.reduce((total, rule) => total + rule.nodes * rule.pricePerHourUsd, 0),
    notes: [
      ...offers.flatMap((offer) => offer.notes),
      ...pricePlanProblems(plan, vmTypes).map(({ path, message }): PriceNote => ({
        kind: "without-effect",
        vmTypeId: null,
        text: `${path}: ${message}`,
      })),
    ],
    twinOf: new Map(
      vmTypes
        .filter((vmType) => plan.reservations.some((rule) => covers(rule, vmType)))
        .map(({ id }) => [reservedTwinId(id), id]),
    ),
  };
}

/**
 * What a provider bills per hour for rented nodes: the fixed cost, and of each VM type the nodes beyond its reserved ones at their own
 * price, whichever of the two offers they were rented under.
 */
export function billedPerHourUsd(args: {
  readonly nodes: readonly { readonly vmTypeId: VmTypeId }[];
  readonly applied: AppliedPricePlan;
}): number {
  const { vmTypes, twinOf, fixedCostPerHourUsd } = args.applied;
  const twinByOriginal = new Map([...twinOf].map(([twin, original]) => [original, twin]));
  const count = (id: VmTypeId | undefined): number =>
    args.nodes.filter((node) => node.vmTypeId === id).length;
  const beyondReserved = vmTypes
    .filter((vmType) => !twinOf.has(vmType.id))
    .flatMap((vmType) => {
      const twinId = twinByOriginal.get(vmType.id);
      const paid = vmTypes.find(({ id }) => id === twinId)?.quotaNodes ?? 0;
      const rented = count(vmType.id) + count(twinId);
      return Array.from({ length: Math.max(0, rented - paid) }, () => vmType);
    });
  return fixedCostPerHourUsd + rentPerHourUsd(beyondReserved);
}

function offerOf(vmType: VmType, plan: PricePlan, atSeconds: number): Offer {
  const priced = atOwnPrice(vmType, plan, atSeconds);
  const reservations = plan.reservations.filter((rule) => covers(rule, vmType));
  if (reservations.length === 0) return priced;
  const paidNodes = reservations
    .filter((rule) => isValidAt(rule, atSeconds))
    .reduce((total, rule) => total + rule.nodes, 0);
  return split(priced, paidNodes);
}

/** The VM type at the price of a node that nobody has paid for. */
function atOwnPrice(vmType: VmType, plan: PricePlan, atSeconds: number): Offer {
  const { id, region, pricePerHourUsd: listUsd } = vmType;
  const spotIndex = plan.planAtSpotPrice.findIndex((name) => name === id);
  if (spotIndex !== -1) {
    const spotUsd = spotPriceOf(plan, vmType);
    if (spotUsd === undefined)
      throw new InvalidInput("the price plan", [unknownSpotPrice(spotIndex, vmType)]);
    const text = `${id} in ${region}: spot price ${shortUsd(spotUsd)} in place of ${shortUsd(listUsd)} USD per hour; it may be taken back at any time`;
    return {
      vmTypes: [{ ...vmType, pricePerHourUsd: spotUsd }],
      notes: [{ kind: "spot", vmTypeId: id, text }],
    };
  }
  const discounts = plan.discounts.filter((rule) => isValidAt(rule, atSeconds) && isOn(rule, vmType));
  if (discounts.length === 0) return { vmTypes: [vmType], notes: [] };
  const pricePerHourUsd = discounts.reduce((usd, { percent }) => usd * (1 - percent / 100), listUsd);
  const factors = discounts.map(({ percent }) => ` less ${percent} %`).join("");
  const text = `${id} in ${region}: ${shortUsd(listUsd)}${factors} = ${shortUsd(pricePerHourUsd)} USD per hour`;
  return {
    vmTypes: [{ ...vmType, pricePerHourUsd }],
    notes: [{ kind: "discounted", vmTypeId: id, text }],
  };
}

/** Offers a VM type twice: as many nodes as are paid for at the marginal price 0, all others at its own price. */
function split({ vmTypes, notes }: Offer, paidNodes: number): Offer {
  const [vmType] = vmTypes;
  if (vmType === undefined) throw new Error("An offer holds its VM type");
  const { id, region, pricePerHourUsd, quotaNodes } = vmType;
  const usable = Math.min(paidNodes, quotaNodes ?? paidNodes);
  const twin: VmType = {
    ...vmType,
    id: reservedTwinId(id),
    // Without a reservation that counts, a node that still runs costs what any other does.
    pricePerHourUsd: usable === 0 ? pricePerHourUsd : 0,
    worthPerHourUsd: pricePerHourUsd,
    quotaNodes: usable,
  };
  const told: PriceNote[] = [];
  if (paidNodes > 0) {
    const text = `${id} in ${region}: ${paidNodes} ${paidNodes === 1 ? "node is" : "nodes are"} paid for, used or not; using one costs nothing more`;
    told.push({ kind: "reserved", vmTypeId: id, text });
  }
  if (paidNodes > usable) {
    const text = `${id} in ${region}: ${paidNodes} nodes are paid for, but the quota lets only ${usable} run`;
    told.push({ kind: "reserved-beyond-quota", vmTypeId: id, text });
  }
  return {
    vmTypes: [{ ...vmType, quotaNodes: quotaNodes === null ? null : quotaNodes - usable }, twin],
    notes: [...notes, ...told],
  };
}

/** Without the digits that only floating point adds. */
function shortUsd(usd: number): string {
  return String(Number(usd.toPrecision(6)));
}

function covers(rule: Reservation, vmType: VmType): boolean {
  return rule.vmTypeId === vmType.id && rule.region === vmType.region;
}

function isOn({ appliesTo }: Discount, { id, region }: VmType): boolean {
  switch (appliesTo.kind) {
    case "all":
      return true;
    case "vm-type":
      return appliesTo.vmTypeId === id;
    case "family":
      return appliesTo.family === azureVmShape(id)?.family;
    case "region":
      return appliesTo.region === region;
  }
}
