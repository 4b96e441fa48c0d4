import type { VmCatalogJson } from "./vm-catalog-schema.ts";

/** A catalogue as JSON with one row a line, so that a changed price is a one-line difference. */
export function catalogText(catalog: VmCatalogJson): string {
  const sources = Object.entries(catalog.sources).map(
    ([key, source]) => `    ${JSON.stringify(key)}: ${JSON.stringify(source)}`,
  );
  return [
    "{",
    `  "name": ${JSON.stringify(catalog.name)},`,
    `  "about": ${JSON.stringify(catalog.about)},`,
    `  "sources": {\n${sources.join(",\n")}\n  },`,
    `  "vmTypes": ${jsonRows(catalog.vmTypes)},`,
    `  "withoutPrice": ${jsonRows(catalog.withoutPrice)}`,
    "}\n",
  ].join("\n");
}

/** A list within an object as JSON, one item a line. */
export function jsonRows(items: readonly object[]): string {
  if (items.length === 0) return "[]";
  return `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
}
