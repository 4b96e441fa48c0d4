/** Meters of Azure's public price list, and which of them price a Linux GPU VM. */
import { z } from "zod";
import { isoTimeSeconds, isoTimeTextSchema } from "./time.ts";

const priceField = z.number().nullish();

/**
 * One item of a page (Microsoft, "Azure Retail Prices overview", property details), as far as it is used. `unitPrice` is documented to be the
 * same as `retailPrice`; of a reservation it is the price of the whole term, although `unitOfMeasure` says "1 Hour".
 */
const meterSchema = z.object({
  currencyCode: z.string(),
  tierMinimumUnits: z.number(),
  retailPrice: priceField,
  unitPrice: priceField,
  armRegionName: z.string(),
  effectiveStartDate: isoTimeTextSchema,
  effectiveEndDate: isoTimeTextSchema.nullish(),
  meterId: z.string(),
  meterName: z.string(),
  productName: z.string(),
  skuName: z.string(),
  serviceName: z.string(),
  unitOfMeasure: z.string(),
  type: z.string(),
  isPrimaryMeterRegion: z.boolean(),
  armSkuName: z.string(),
  reservationTerm: z.string().nullish(),
});

/** One page of the price list. */
export const azureRetailPageSchema = z.object({
  BillingCurrency: z.string(),
  Items: z.array(meterSchema),
  NextPageLink: z.string().nullish(),
  Count: z.int(),
});

/** A price of something in a region. */
export type AzureRetailMeter = Readonly<z.output<typeof meterSchema>>;

/** What a meter prices. */
export type AzureMeterUse =
  | { readonly kind: "on-demand" }
  | { readonly kind: "spot" }
  | { readonly kind: "reservation"; readonly termYears: number }
  | { readonly kind: "left-out"; readonly reason: string };

const leftOut = (reason: string): AzureMeterUse => ({ kind: "left-out", reason });

/** What a meter prices at an instant (seconds since the Unix epoch); what is not a Linux VM by the hour is left out, with the reason. */
export function useOf(meter: AzureRetailMeter, atSeconds: number): AzureMeterUse {
  const names = `${meter.meterName} ${meter.skuName}`;
  if (meter.serviceName !== "Virtual Machines") return leftOut("of another service");
  if (/\bwindows\b/i.test(meter.productName)) return leftOut("with Windows");
  if (/\b(cloud services|dedicated host)\b/i.test(meter.productName)) return leftOut("of another product");
  if (/_promo$/i.test(meter.armSkuName)) return leftOut("of expired promotions");
  if (!meter.isPrimaryMeterRegion) return leftOut("of regions that are not billed");
  if (/\blow priority\b/i.test(names)) return leftOut("at low priority");
  if (meter.unitOfMeasure !== "1 Hour") return leftOut("not by the hour");
  if (meter.tierMinimumUnits !== 0) return leftOut("beyond a quantity");
  const { effectiveStartDate, effectiveEndDate } = meter;
  if (isoTimeSeconds(effectiveStartDate) > atSeconds) return leftOut("of a later time");
  if (effectiveEndDate != null && isoTimeSeconds(effectiveEndDate) <= atSeconds)
    return leftOut("of an earlier time");
  if (meter.type === "Reservation") {
    const years = /^(\d+) Years?$/.exec(meter.reservationTerm ?? "")?.[1];
    return years === undefined
      ? leftOut("of reservations without a term in years")
      : { kind: "reservation", termYears: Number(years) };
  }
  if (meter.type !== "Consumption") return leftOut("of other offers, such as Dev/Test");
  return /\bspot\b/i.test(names) ? { kind: "spot" } : { kind: "on-demand" };
}
