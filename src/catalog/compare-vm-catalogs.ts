import { compareIds } from "../domain/ids.ts";
import type { CatalogVmType, VmCatalog } from "./vm-catalog-schema.ts";

/** What became of the price of one VM type in one region. */
export interface PriceChange {
  readonly kind: "added" | "removed" | "changed" | "unchanged";
  readonly vmTypeId: string;
  readonly region: string;
  /** USD per hour; null where the older catalogue has no price. */
  readonly oldPricePerHourUsd: number | null;
  /** USD per hour; null where the newer catalogue has no price. */
  readonly newPricePerHourUsd: number | null;
  /** 100 · (new − old) / old; null unless both have a price. */
  readonly changePercent: number | null;
}

/** Compares the prices of two catalogues row by row, sorted by VM type and region. */
export function compareVmCatalogs(older: VmCatalog, newer: VmCatalog): readonly PriceChange[] {
  const [oldRows, newRows] = [rowsByOffer(older), rowsByOffer(newer)];
  const offers = new Map([...oldRows, ...newRows]);
  return [...offers]
    .map(([key, { id, region }]): PriceChange => {
      const oldUsd = oldRows.get(key)?.pricePerHourUsd ?? null;
      const newUsd = newRows.get(key)?.pricePerHourUsd ?? null;
      const changePercent = oldUsd === null || newUsd === null ? null : (100 * (newUsd - oldUsd)) / oldUsd;
      const kind =
        oldUsd === null ? "added" : newUsd === null ? "removed" : oldUsd === newUsd ? "unchanged" : "changed";
      return {
        kind,
        vmTypeId: id,
        region,
        oldPricePerHourUsd: oldUsd,
        newPricePerHourUsd: newUsd,
        changePercent,
      };
    })
    .sort((a, b) => compareIds(a.vmTypeId, b.vmTypeId) || compareIds(a.region, b.region));
}

function rowsByOffer({ vmTypes }: VmCatalog): ReadonlyMap<string, CatalogVmType> {
  return new Map(vmTypes.map((row) => [JSON.stringify([row.id, row.region]), row]));
}
