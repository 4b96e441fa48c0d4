import { expect, it } from "vitest";
import { blackoutWindowsSchema } from "../../src/catalog/blackout-windows.ts";
import { cronScheduleSchema } from "../../src/catalog/cron-schedule.ts";
import { priceCalendarSchema } from "../../src/catalog/price-calendar.ts";
import { pricePlanSchema } from "../../src/catalog/price-plan.ts";

it.each([
  ["price plan", pricePlanSchema],
  ["price calendar", priceCalendarSchema],
  ["blackout windows", blackoutWindowsSchema],
  ["cron schedule", cronScheduleSchema],
])("the documented example of a %s is one, and stays as it is written", (_name, schema) => {
  const example: unknown = schema.meta()?.["example"];
  expect(example).toBeDefined();
  expect(schema.parse(example)).toEqual(example);
});
