/** Writes openapi.yaml from the service's schemas; with --check it writes nothing and fails when the file differs. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openapiYaml } from "../src/service/openapi-document.ts";

const path = fileURLToPath(new URL("../openapi.yaml", import.meta.url));
const text = openapiYaml();

if (!process.argv.includes("--check")) {
  writeFileSync(path, text);
  console.log(`Wrote ${path}`);
} else if (readFileSync(path, "utf8") !== text) {
  console.error("openapi.yaml differs from the schemas in src; run `npm run openapi` and commit the result.");
  process.exitCode = 1;
}
