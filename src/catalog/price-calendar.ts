/** Prices that depend on the time of the week, for example dearer during working hours: a factor on every price that is paid by the hour. */
import { z } from "zod";
import type { VmType } from "../domain/vm-type.ts";
import { zoneSchema } from "./local-time.ts";
import { holdsAt, nextChangeAfter, overlap, weeklyWindowFault, weeklyWindowFields } from "./weekly-window.ts";

const MAX_WINDOWS = 100;
const MAX_FACTOR = 100;

const factorSchema = z
  .number()
  .gt(0, { error: "must be above 0: a factor of 0 would make every VM free" })
  .max(MAX_FACTOR);

/** Weekly windows with a price factor each; windows may not overlap, since a time must have one price. */
export const priceCalendarSchema = z
  .strictObject({
    zone: zoneSchema,
    windows: z
      .array(
        z
          .strictObject({
            ...weeklyWindowFields,
            factor: factorSchema.meta({
              description: "Prices count this many times in the window.",
              example: 1.2,
            }),
          })
          .meta({ id: "PriceWindow", description: "A stretch of local time with a price of its own." }),
      )
      .max(MAX_WINDOWS)
      .meta({ description: "Windows of the week; they may not overlap." }),
    factorOutsideWindows: factorSchema.meta({
      description: "Prices count this many times at all other times; 1 leaves them as they are.",
      example: 1,
    }),
  })
  .superRefine(({ windows }, context) => {
    windows.forEach((window, index) => {
      const fault = weeklyWindowFault(window);
      if (fault !== null) {
        context.addIssue({
          code: "custom",
          path: ["windows", index, fault.field],
          message: fault.message,
          params: { fix: fault.fix },
        });
        return;
      }
      const earlier = windows.findIndex((other, at) => at < index && overlap(window, other));
      if (earlier === -1) return;
      context.addIssue({
        code: "custom",
        path: ["windows", index],
        message: `overlaps /windows/${earlier}, so that some times would have two prices`,
        params: { fix: "Give the two windows different times or days." },
      });
    });
  })
  .meta({
    id: "PriceCalendar",
    description:
      "Price factors by the time of the week, by the clock on the wall: a window holds twice in the hour that is repeated in autumn and not at all in the hour that is skipped in spring.",
    example: {
      zone: "Europe/Rome",
      windows: [
        {
          days: ["monday", "tuesday", "wednesday", "thursday", "friday"],
          from: "08:00",
          until: "20:00",
          factor: 1.2,
        },
      ],
      factorOutsideWindows: 0.8,
    },
  });

/** Price factors by the time of the week. */
export type PriceCalendar = Readonly<z.output<typeof priceCalendarSchema>>;

/** How many times prices count at an instant (seconds since the Unix epoch); dimensionless. */
export function priceFactorAt(calendar: PriceCalendar, atSeconds: number): number {
  const window = calendar.windows.find((candidate) => holdsAt(candidate, calendar.zone, atSeconds));
  return window?.factor ?? calendar.factorOutsideWindows;
}

/** The first instant after `atSeconds` at which the factor is another one; null when it never changes. */
export function nextPriceChangeAfter(calendar: PriceCalendar, atSeconds: number): number | null {
  return nextChangeAfter((instant) => priceFactorAt(calendar, instant), {
    windows: calendar.windows,
    zone: calendar.zone,
    atSeconds,
  });
}

/** VM types at the prices that hold at an instant. Apply it to list prices, before a price plan: what a plan fixes is not scaled. */
export function applyPriceCalendar(
  vmTypes: readonly VmType[],
  calendar: PriceCalendar,
  atSeconds: number,
): readonly VmType[] {
  const factor = priceFactorAt(calendar, atSeconds);
  return vmTypes.map((vmType) => ({ ...vmType, pricePerHourUsd: vmType.pricePerHourUsd * factor }));
}
