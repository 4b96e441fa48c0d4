import { secondsToMilliseconds } from "../../domain/units.ts";

/** What a promise comes to, unless it takes longer than a limit: then it rejects. The work itself is not stopped, and what it throws later is nobody's. */
export async function withinSeconds<Result>(limitSeconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`there was no answer within ${limitSeconds} s`));
    }, secondsToMilliseconds(limitSeconds));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
