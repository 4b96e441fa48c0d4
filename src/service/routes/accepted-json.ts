import { isoTime } from "../../catalog/time.ts";
import type { ClusterEvent } from "../../domain/event.ts";
import type { Accepted } from "../planning-loop.ts";

/** An acknowledged event as JSON. */
export function acceptedJson({ event, revision }: Accepted<ClusterEvent>): {
  readonly acceptedAt: string;
  readonly revision: number;
} {
  return { acceptedAt: isoTime(event.atSeconds), revision };
}
