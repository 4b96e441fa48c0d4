import type { VmCatalogJson } from "./vm-catalog-schema.ts";

/** A catalogue as JSON with one row a line, so that a changed price is a one-line difference. */
export function catalogText(catalog: VmCatalogJson): string {
  const sources = Object.entries(catalog.sources).map(
    ([key, source]) => `    ${JSON.stringify(key)}: ${JSON.stringify(source)}`,
  );
  const rows = (items: readonly object[]): string =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
  return [
    "{",
    `  "name": ${JSON.stringify(catalog.name)},`,
    `  "about": ${JSON.stringify(catalog.about)},`,
    `  "sources": {\n${sources.join(",\n")}\n  },`,
    `  "vmTypes": ${rows(catalog.vmTypes)},`,
    `  "withoutPrice": ${rows(catalog.withoutPrice)}`,
    "}\n",
  ].join("\n");
}
