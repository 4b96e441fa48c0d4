/** When a cluster's own configuration asks for an event: prices that change, and schedules; and when it wants no new plan. */
import { blackoutEndsAt } from "../../catalog/blackout-windows.ts";
import { nextRunAfter } from "../../catalog/cron-schedule.ts";
import type { ReferenceData } from "../../catalog/reference-data.ts";
import type { ClusterRecord } from "../../store/clusters.ts";
import type { ClusterPlannerOptions, Occasion } from "../planning/planner-options.ts";
import { configurationOf } from "./cluster-configuration.ts";
import { nextSettingsChangeAfter, settingsAfter, settingsOf } from "./cluster-settings.ts";

/** What a planner host asks a cluster's calendar. */
export type ClusterCalendar = Pick<ClusterPlannerOptions, "nextOccasion" | "pausedUntil">;

/** Reads clusters' configurations. */
export function clusterCalendar(reference: ReferenceData): ClusterCalendar {
  return {
    nextOccasion: (cluster, afterSeconds) => {
      const configuration = configurationOf(cluster);
      const priceChange = nextSettingsChangeAfter(configuration, afterSeconds);
      const runs = configuration.schedules
        .map((schedule) => nextRunAfter(schedule, afterSeconds))
        .filter((instant) => instant !== null);
      const run = runs.length === 0 ? null : Math.min(...runs);
      if (priceChange !== null && (run === null || priceChange <= run))
        return { atSeconds: priceChange, eventAt: priceEvent(reference) };
      return run === null
        ? null
        : { atSeconds: run, eventAt: (_, atSeconds) => ({ kind: "timer-elapsed", atSeconds }) };
    },
    pausedUntil: (cluster, atSeconds) => {
      const endSeconds = blackoutEndsAt(configurationOf(cluster).blackoutWindows, atSeconds);
      return endSeconds === null || endSeconds <= atSeconds ? null : endSeconds;
    },
  };
}

/** Durations stay: prices change nothing about machines, and reserved twins have theirs from the beginning. */
const priceEvent =
  (reference: ReferenceData): Occasion["eventAt"] =>
  (cluster: ClusterRecord, atSeconds) => ({
    kind: "settings-changed",
    atSeconds,
    settings: settingsAfter(cluster.settings, settingsOf(configurationOf(cluster), reference, atSeconds)),
    durations: [],
  });
