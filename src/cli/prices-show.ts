/** `berth prices show`: what VM types cost under a price calendar and a price plan at a time. */
import { Command } from "commander";
import { applyPricePlan } from "../catalog/apply-price-plan.ts";
import { pricePlanProblems } from "../catalog/check-price-plan.ts";
import { InvalidInput } from "../catalog/input-problem.ts";
import { loadVmCatalog } from "../catalog/load-vm-catalog.ts";
import { parseJsonFile } from "../catalog/parse-json-file.ts";
import { applyPriceCalendar, nextPriceChangeAfter, priceCalendarSchema } from "../catalog/price-calendar.ts";
import { nextPricePlanChangeAfter, pricePlanSchema } from "../catalog/price-plan.ts";
import { loadReferenceData } from "../catalog/reference-data.ts";
import { selectRegion } from "../catalog/select-vm-types.ts";
import { isoTime } from "../catalog/time.ts";
import { effectivePricesText, effectivePricesView } from "../report/price-text.ts";
import { timeOption } from "./options.ts";

interface ShowOptions {
  readonly region: string;
  readonly plan?: string;
  readonly calendar?: string;
  readonly at?: number;
  readonly json: boolean;
}

/** The subcommand; `nowSeconds` is the clock for when no time is asked for. */
export function showPricesCommand(nowSeconds: () => number): Command {
  return new Command("show")
    .description("Prints what one more node of each VM type costs at a time, and what is paid anyway.")
    .argument("<catalog.json>", "the catalogue")
    .requiredOption("--region <region>", "region of the catalogue")
    .option("--plan <file.json>", "price plan: discounts, reservations, spot prices")
    .option("--calendar <file.json>", "price calendar: factors by the time of the week")
    .option("--at <time>", "ISO 8601 with zone (default: now)", timeOption)
    .option("--json", "print as JSON", false)
    .action((path: string, options: ShowOptions) => {
      const listed = selectRegion(loadVmCatalog(path, loadReferenceData().gpus), options.region);
      const atSeconds = options.at ?? nowSeconds();
      const calendar =
        options.calendar === undefined ? null : parseJsonFile(priceCalendarSchema, options.calendar);
      const plan =
        options.plan === undefined ? pricePlanSchema.parse({}) : parseJsonFile(pricePlanSchema, options.plan);
      const problems = pricePlanProblems(plan, listed);
      if (problems.length > 0) throw new InvalidInput(options.plan ?? path, problems);
      const timed = calendar === null ? listed : applyPriceCalendar(listed, calendar, atSeconds);
      const changes = [
        calendar === null ? null : nextPriceChangeAfter(calendar, atSeconds),
        nextPricePlanChangeAfter(plan, atSeconds),
      ].filter((instant) => instant !== null);
      const prices = {
        at: isoTime(atSeconds),
        listed,
        applied: applyPricePlan(timed, plan, atSeconds),
        nextChangeAt: changes.length === 0 ? null : isoTime(Math.min(...changes)),
      };
      console.log(
        options.json ? JSON.stringify(effectivePricesView(prices), null, 2) : effectivePricesText(prices),
      );
    });
}
