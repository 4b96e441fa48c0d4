import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The README's text. */
export const README = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
