import type { Network } from "../../src/performance/network.ts";

/** A network as JSON with one layer per line, so that it can be read and its changes compared. */
export function networkJson({ name, title, source, input, layers }: Network): string {
  const fields = Object.entries({ name, title, source, input }).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${inline(value)},`,
  );
  const lines = layers.map((layer) => `    ${inline(layer)}`).join(",\n");
  return ["{", ...fields, `  "layers": [`, lines, "  ]", "}", ""].join("\n");
}

/** JSON on one line, with spaces as in prose. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${inline(field)}`);
    return `{ ${fields.join(", ")} }`;
  }
  return JSON.stringify(value);
}
