/** A duration table as text for people. */
import { rentUsd } from "../domain/cost.ts";
import type { DurationTable } from "../domain/duration-table.ts";
import type { VmType } from "../domain/vm-type.ts";
import { durationText, tableText, usdText } from "./text.ts";

/** Every configuration with time, interval, rent of the whole node and source; then what cannot run, where the scaling over GPUs comes from, and the warnings with their count. */
export function durationTableText(table: DurationTable, vmTypes: readonly VmType[]): string {
  const rows = table.entries.map((entry) => {
    const vmType = vmTypes.find((candidate) => candidate.id === entry.vmTypeId);
    if (vmType === undefined) throw new Error(`Duration on unknown VM type ${entry.vmTypeId}`);
    const { durationSeconds, lowerSeconds, upperSeconds } = entry;
    return [
      entry.vmTypeId,
      vmType.gpuType,
      `${entry.gpus} of ${vmType.gpuCount}`,
      durationText(durationSeconds),
      `${durationText(lowerSeconds)} … ${durationText(upperSeconds)}`,
      usdText(rentUsd({ pricePerHourUsd: vmType.pricePerHourUsd, durationSeconds })),
      entry.source,
    ];
  });
  const missing = countedLines(table.missing.map((row) => row.reason));
  const origins = countedLines(table.entries.flatMap(({ scalingOrigin = [] }) => scalingOrigin));
  const warnings = countedLines(table.entries.flatMap((entry) => entry.warnings));
  return [
    tableText(["VM type", "GPU", "GPUs", "time", "80 % interval", "node USD", "source"], rows),
    ...(missing.length === 0 ? [] : ["Cannot run:", ...missing]),
    ...(origins.length === 0 ? [] : ["Several GPUs scale as measured with:", ...origins]),
    ...(warnings.length === 0 ? [] : ["Warnings:", ...warnings]),
  ].join("\n");
}

function countedLines(texts: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `  ${text} (${count} configuration${count === 1 ? "" : "s"})`);
}
