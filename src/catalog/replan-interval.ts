import { z } from "zod";

/** About three years: no interval that is asked for is longer. */
export const LONGEST_INTERVAL_SECONDS = 1e8;

/** H in seconds, of a scenario and of a cluster alike: below a second there is nothing new to decide on. */
export const replanIntervalSchema = z.number().min(1).max(LONGEST_INTERVAL_SECONDS);
