/**
 * Who may read /metrics while the store is away, which is when it is needed most: whoever the store knew a short time before. Keys are asked for first
 * in any case; only where the store gives no answer does an answer of before count. A key that is revoked meanwhile opens the metrics that much longer.
 */
import { withinSeconds } from "../operations/within-seconds.ts";
import type { ApiKeyRecord } from "./api-key.ts";
import type { Authentication } from "./authenticate.ts";

const REMEMBERED_SECONDS = 900;
const LIMIT_SECONDS = 2;

interface Remembered<Answer> {
  readonly answer: Answer;
  readonly atSeconds: number;
}

/** The same authentication with a memory; for what shows nothing of any cluster but numbers. */
export function rememberedAccess(
  authentication: Authentication,
  limitSeconds: number = LIMIT_SECONDS,
): Authentication {
  const { keys, anonymous, nowSeconds } = authentication;
  const records = new Map<string, Remembered<ApiKeyRecord>>();
  let openness: Remembered<boolean> | undefined;
  const ask = <Answer>(work: Promise<Answer>): Promise<Answer> => withinSeconds(limitSeconds, work);
  const rememberedOr = <Answer>(known: Remembered<Answer> | undefined, error: unknown): Answer => {
    if (known !== undefined && nowSeconds() < known.atSeconds + REMEMBERED_SECONDS) return known.answer;
    throw error;
  };
  return {
    ...authentication,
    keys: {
      ...keys,
      find: async (id) => {
        try {
          const answer = await ask(keys.find(id));
          if (answer === undefined) records.delete(id);
          else records.set(id, { answer, atSeconds: nowSeconds() });
          return answer;
        } catch (error) {
          return rememberedOr(records.get(id), error);
        }
      },
      touchLastUsed: (id, atSeconds) => ask(keys.touchLastUsed(id, atSeconds)),
    },
    anonymous: {
      isOpen: async () => {
        try {
          const answer = await ask(anonymous.isOpen());
          openness = { answer, atSeconds: nowSeconds() };
          return answer;
        } catch (error) {
          return rememberedOr(openness, error);
        }
      },
    },
  };
}
