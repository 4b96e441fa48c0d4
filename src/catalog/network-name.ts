import { basename } from "node:path";

/** Name of a file as a network's: lower case, letters, digits, dots and hyphens. */
export function networkName(path: string): string {
  const stem = basename(path)
    .replace(/\.[^.]+$/, "")
    .toLowerCase();
  const name = stem.replace(/[^a-z0-9.]+/g, "-").replace(/^[^a-z0-9]+/, "");
  return name === "" ? "network" : name;
}
