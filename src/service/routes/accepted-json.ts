import { isoTime } from "../../catalog/time.ts";
import type { Recorded } from "../recording/record-event.ts";

/** An acknowledged event as JSON. */
export function acceptedJson({ atSeconds, revision }: Recorded): {
  readonly acceptedAt: string;
  readonly revision: number;
} {
  return { acceptedAt: isoTime(atSeconds), revision };
}
