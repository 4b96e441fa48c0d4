/** Guards for tests of what is behind them: nobody needs a key, nobody is slowed down. */
import type { Logger } from "pino";
import type { Guards } from "../../src/service/app.ts";
import { createMetrics } from "../../src/service/operations/metrics.ts";
import { anonymousUntilFirstKey } from "../../src/service/security/anonymous-access.ts";
import { auditTrail } from "../../src/service/security/audit.ts";
import { FailedAttempts } from "../../src/service/security/failed-attempts.ts";
import type { RateLimits } from "../../src/service/security/rate-limits.ts";
import type { Store } from "../../src/store/store.ts";

/** The guards of `npm start` without keys or tokens, and without limits unless some are given. */
export function openGuards(
  store: Store,
  {
    nowSeconds,
    logger,
    rateLimits = { readsPerMinute: "off", writesPerMinute: "off" },
  }: {
    readonly nowSeconds: () => number;
    readonly logger: Logger;
    readonly rateLimits?: RateLimits | undefined;
  },
): Guards {
  return {
    authentication: {
      keys: store.apiKeys,
      jwt: null,
      anonymous: anonymousUntilFirstKey(store.apiKeys, nowSeconds),
      failures: new FailedAttempts(),
      nowSeconds,
      logger,
    },
    audit: auditTrail({ auditLog: store.audit, nowSeconds, logger }),
    rateLimits,
    metrics: createMetrics(),
    trustProxy: false,
  };
}
