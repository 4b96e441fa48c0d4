/** Price plans as data: what somebody pays instead of list prices. Times stay text, so that a plan is shown again as it was given. */
import { z } from "zod";
import { isoTimeSeconds, isoTimeTextSchema } from "./time.ts";

const MAX_RULES = 1000;
const MAX_NODES = 100_000;
const MAX_ID_CHARACTERS = 200;

const vmTypeField = z
  .string()
  .min(1)
  .max(MAX_ID_CHARACTERS)
  .meta({ description: "Id of a VM type of the catalogue.", example: "Standard_NC24ads_A100_v4" });
const regionField = z
  .string()
  .min(1)
  .max(MAX_ID_CHARACTERS)
  .meta({ description: "Region of the VM type.", example: "eastus" });
const priceField = z
  .number()
  .gt(0, { error: "must be above 0: an unknown price is an error, never free" })
  .meta({ description: "USD per hour of one node.", example: 2.31 });

const validityFields = {
  validFrom: isoTimeTextSchema
    .optional()
    .meta({ description: "First instant at which the rule counts; since ever if left out." }),
  validUntil: isoTimeTextSchema.optional().meta({
    description: "End, itself not included; for ever if left out.",
    example: "2027-11-20T00:00:00Z",
  }),
};

/** From when until when a rule counts. */
export interface Validity {
  readonly validFrom?: string | undefined;
  readonly validUntil?: string | undefined;
}

function refuseEmptyValidity({ validFrom, validUntil }: Validity, context: z.RefinementCtx): void {
  if (validFrom === undefined || validUntil === undefined) return;
  if (isoTimeSeconds(validFrom) < isoTimeSeconds(validUntil)) return;
  context.addIssue({
    code: "custom",
    path: ["validUntil"],
    message: `is not after validFrom (${validFrom})`,
    params: { fix: "Give a later time, or leave it out." },
  });
}

const discountedSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("all") }).meta({ description: "Every VM type." }),
    z
      .strictObject({ kind: z.literal("vm-type"), vmTypeId: vmTypeField })
      .meta({ description: "One VM type." }),
    z
      .strictObject({
        kind: z.literal("family"),
        family: z
          .string()
          .min(1)
          .max(MAX_ID_CHARACTERS)
          .meta({ description: "Azure's name of a family of sizes.", example: "NC_A100_v4" }),
      })
      .meta({ description: "A family of Azure's sizes." }),
    z
      .strictObject({ kind: z.literal("region"), region: regionField })
      .meta({ description: "All VM types of a region." }),
  ])
  .meta({ description: "What the discount is on.", example: { kind: "family", family: "NC_A100_v4" } });

const discountSchema = z
  .strictObject({
    appliesTo: discountedSchema,
    percent: z
      .number()
      .gt(0)
      .lt(100, { error: "must be below 100: a price of 0 would be an unknown price, not a discount" })
      .meta({ description: "Percent off the price on demand.", example: 12 }),
    ...validityFields,
  })
  .superRefine(refuseEmptyValidity)
  .meta({
    id: "Discount",
    description: "Percent off prices on demand. Several discounts on one VM type multiply, in any order.",
  });

const reservationSchema = z
  .strictObject({
    vmTypeId: vmTypeField,
    region: regionField,
    nodes: z
      .int()
      .min(1)
      .max(MAX_NODES)
      .meta({ description: "Nodes that are paid for, used or not.", example: 4 }),
    pricePerHourUsd: priceField.meta({
      description: "USD per hour of one reserved node, paid whether it runs or not.",
      example: 1.62,
    }),
    ...validityFields,
  })
  .superRefine(refuseEmptyValidity)
  .meta({
    id: "Reservation",
    description:
      "Nodes that are paid for in advance. Using one costs nothing more; what all of them cost together is stated apart.",
  });

const spotPriceSchema = z
  .strictObject({ vmTypeId: vmTypeField, region: regionField, pricePerHourUsd: priceField })
  .meta({ id: "SpotPrice", description: "Price of a VM type that the provider may take back at any time." });

/** What somebody pays instead of list prices: discounts, reservations, and spot prices where they are asked for. */
export const pricePlanSchema = z
  .strictObject({
    discounts: z.array(discountSchema).max(MAX_RULES).default([]),
    reservations: z.array(reservationSchema).max(MAX_RULES).default([]),
    spotPrices: z
      .array(spotPriceSchema)
      .max(MAX_RULES)
      .default([])
      .meta({ description: "Known spot prices; they count only for VM types of planAtSpotPrice." }),
    planAtSpotPrice: z.array(vmTypeField).max(MAX_RULES).default([]).meta({
      description:
        "VM types to plan with at their spot price instead of on demand. Evictions are not planned for; discounts do not apply.",
      example: [],
    }),
  })
  .superRefine(refuseRepeats)
  .meta({
    id: "PricePlan",
    description: "What is paid instead of list prices.",
    example: {
      discounts: [{ appliesTo: { kind: "all" }, percent: 5 }],
      reservations: [
        {
          vmTypeId: "Standard_NC24ads_A100_v4",
          region: "eastus",
          nodes: 4,
          pricePerHourUsd: 1.62,
          validUntil: "2027-11-20T00:00:00Z",
        },
      ],
      spotPrices: [],
      planAtSpotPrice: [],
    },
  });

/** What somebody pays instead of list prices. */
export type PricePlan = Readonly<z.output<typeof pricePlanSchema>>;
/** Percent off the price on demand. */
export type Discount = Readonly<z.output<typeof discountSchema>>;
/** Nodes that are paid for, used or not. */
export type Reservation = Readonly<z.output<typeof reservationSchema>>;

/** Whether a rule counts at an instant (seconds since the Unix epoch). */
export function isValidAt({ validFrom, validUntil }: Validity, atSeconds: number): boolean {
  return (
    (validFrom === undefined || isoTimeSeconds(validFrom) <= atSeconds) &&
    (validUntil === undefined || atSeconds < isoTimeSeconds(validUntil))
  );
}

/** The first instant after `atSeconds` at which a discount or reservation begins or ends to count; null when none does. */
export function nextPricePlanChangeAfter(plan: PricePlan, atSeconds: number): number | null {
  const instants = [...plan.discounts, ...plan.reservations]
    .flatMap(({ validFrom, validUntil }) => [validFrom, validUntil])
    .flatMap((text) => (text === undefined ? [] : [isoTimeSeconds(text)]))
    .filter((instant) => instant > atSeconds);
  return instants.length === 0 ? null : Math.min(...instants);
}

/** A rule that is given twice is a slip: the discount would count twice, and of two prices only one can hold. */
function refuseRepeats(
  plan: {
    readonly discounts: readonly Discount[];
    readonly spotPrices: readonly z.output<typeof spotPriceSchema>[];
  },
  context: z.RefinementCtx,
): void {
  const refuse = (list: "discounts" | "spotPrices", keys: readonly string[]): void => {
    keys.forEach((key, index) => {
      const first = keys.indexOf(key);
      if (first === index) return;
      context.addIssue({
        code: "custom",
        path: [list, index],
        message: `repeats /${list}/${first}`,
        params: { fix: "Remove one of the two." },
      });
    });
  };
  refuse(
    "discounts",
    plan.discounts.map(({ appliesTo, validFrom, validUntil }) =>
      JSON.stringify([Object.entries(appliesTo).sort(), validFrom ?? null, validUntil ?? null]),
    ),
  );
  refuse(
    "spotPrices",
    plan.spotPrices.map(({ vmTypeId, region }) => JSON.stringify([vmTypeId, region])),
  );
}
