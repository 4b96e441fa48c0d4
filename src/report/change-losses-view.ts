/** What changes of an allocation cost, as JSON and as a line for people. */
import { z } from "zod";
import type { ChangeLosses } from "../domain/change-losses.ts";
import { lossesUsd } from "../domain/change-losses.ts";
import { durationText, usdText } from "./text.ts";
import { secondsField, usdField } from "./view-fields.ts";

/** JSON form of the losses; all of them are part of the rent. */
export const changeLossesSchema = z
  .strictObject({
    restartSeconds: secondsField.meta({
      description:
        "Seconds that moved and restarted jobs hold GPUs of ready nodes before they make progress, over all jobs.",
      example: 0,
    }),
    restartUsd: usdField.meta({ description: "Their shares of the rent in those seconds." }),
    bootSeconds: secondsField.meta({
      description: "Seconds in which new nodes boot, over all nodes.",
      example: 0,
    }),
    bootUsd: usdField.meta({ description: "Rent of the nodes in those seconds." }),
    unusedBillingUsd: usdField.meta({
      description: "Minimum billing that is left of nodes when they are given back or lost.",
    }),
  })
  .meta({
    id: "ChangeLosses",
    description: "What changes cost without any progress to show for it; part of the rent, not on top of it.",
  });

/** The losses as JSON. */
export const changeLossesView = (losses: ChangeLosses): z.output<typeof changeLossesSchema> => ({
  ...losses,
});

/** The losses in one line; null where nothing was lost. */
export function changeLossesText(losses: ChangeLosses): string | null {
  const usd = lossesUsd(losses);
  if (usd === 0 && losses.restartSeconds === 0 && losses.bootSeconds === 0) return null;
  return (
    `Changes cost ${usdText(usd)} USD of rent: restarts ${durationText(losses.restartSeconds)} (${usdText(losses.restartUsd)} USD), ` +
    `boots ${durationText(losses.bootSeconds)} (${usdText(losses.bootUsd)} USD), unused minimum billing ${usdText(losses.unusedBillingUsd)} USD.`
  );
}
