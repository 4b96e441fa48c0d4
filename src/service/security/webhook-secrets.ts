/**
 * A webhook's secrets while one replaces another. For some time after the change deliveries are signed with the old one too, so that its receiver can
 * change over whenever it likes within that time, and refuses nothing meanwhile.
 */
import type { WebhookRecord } from "../../store/webhooks.ts";
import { makeWebhookSecret } from "./webhook-signature.ts";

type Secrets = Pick<WebhookRecord, "secret" | "previousSecrets">;

/** Secrets that deliveries are signed with at a time, the newest first. */
export const signingSecrets = (
  { secret, previousSecrets }: Secrets,
  nowSeconds: number,
): readonly string[] => [
  secret,
  ...previousSecrets.flatMap((previous) => (previous.untilSeconds > nowSeconds ? [previous.secret] : [])),
];

/** When deliveries will have one signature again; null where they have one. */
export function oldSecretsUntil(
  { previousSecrets }: Pick<Secrets, "previousSecrets">,
  nowSeconds: number,
): number | null {
  const latest = Math.max(...previousSecrets.map(({ untilSeconds }) => untilSeconds));
  return latest > nowSeconds ? latest : null;
}

/**
 * A new secret; all before it go on for `overlapSeconds`, unless they end sooner anyway. So a rotation whose answer was lost can be done once more: the
 * secret that the receiver has still counts.
 */
export function rotatedSecrets(
  { secret, previousSecrets }: Secrets,
  { nowSeconds, overlapSeconds }: { readonly nowSeconds: number; readonly overlapSeconds: number },
): Secrets {
  const untilSeconds = nowSeconds + overlapSeconds;
  const before = [{ secret, untilSeconds }, ...previousSecrets];
  return {
    secret: makeWebhookSecret(),
    previousSecrets: before.flatMap((previous) => {
      const endSeconds = Math.min(previous.untilSeconds, untilSeconds);
      return endSeconds > nowSeconds ? [{ secret: previous.secret, untilSeconds: endSeconds }] : [];
    }),
  };
}
