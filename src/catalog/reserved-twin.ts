/**
 * A reserved VM type is offered twice: as itself, on demand, and as its twin `<id>:reserved`, whose nodes are paid for already. Both are the
 * same machine, so a job takes the same time on either.
 */
import type { DurationTable } from "../domain/duration-table.ts";
import type { VmTypeId } from "../domain/ids.ts";
import { vmTypeId } from "../domain/ids.ts";

const SUFFIX = ":reserved";

/** The id under which the reserved nodes of a VM type are offered. */
export const reservedTwinId = (id: VmTypeId): VmTypeId => vmTypeId(`${id}${SUFFIX}`);

/** Whether an id is that of a reserved twin. */
export const isReservedTwin = (id: string): boolean => id.endsWith(SUFFIX);

/** The VM type to ask the provider for: the id itself, or, of a reserved twin, the VM type whose twin it is. */
export const providerVmTypeId = (id: VmTypeId): VmTypeId =>
  isReservedTwin(id) ? vmTypeId(id.slice(0, -SUFFIX.length)) : id;

/**
 * A duration table that also holds for reserved twins: each row of a VM type is repeated for its twin, in place of what the table says of the
 * twin, so that a user's own measurements count for both. `twinOf` leads from twins to the VM types whose twins they are.
 */
export function withTwinDurations(
  table: DurationTable,
  twinOf: ReadonlyMap<VmTypeId, VmTypeId>,
): DurationTable {
  const own = { entries: withoutTwins(table.entries, twinOf), missing: withoutTwins(table.missing, twinOf) };
  return {
    entries: [...own.entries, ...ofTwins(own.entries, twinOf)],
    missing: [...own.missing, ...ofTwins(own.missing, twinOf)],
  };
}

function withoutTwins<Row extends { readonly vmTypeId: VmTypeId }>(
  rows: readonly Row[],
  twinOf: ReadonlyMap<VmTypeId, VmTypeId>,
): readonly Row[] {
  return rows.filter((row) => !twinOf.has(row.vmTypeId));
}

function ofTwins<Row extends { readonly vmTypeId: VmTypeId }>(
  rows: readonly Row[],
  twinOf: ReadonlyMap<VmTypeId, VmTypeId>,
): readonly Row[] {
  return [...twinOf].flatMap(([twin, original]) =>
    rows.filter((row) => row.vmTypeId === original).map((row) => ({ ...row, vmTypeId: twin })),
  );
}
