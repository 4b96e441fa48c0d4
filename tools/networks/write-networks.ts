/**
 * Writes models/networks/*.json from the builders in this folder.
 *
 *   npx tsx tools/networks/write-networks.ts            write
 *   npx tsx tools/networks/write-networks.ts --check    change nothing; exit 1 if a file differs
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { networkJson } from "./network-json.ts";
import { shippedNetworks } from "./shipped-networks.ts";

const directory = new URL("../../models/networks/", import.meta.url);
const stale = shippedNetworks()
  .map((network) => ({ file: new URL(`${network.name}.json`, directory), text: networkJson(network) }))
  .filter(({ file, text }) => !existsSync(file) || readFileSync(file, "utf8") !== text);

if (process.argv.includes("--check")) {
  for (const { file } of stale) {
    console.error(`${fileURLToPath(file)} differs from what tools/networks writes; run it without --check.`);
  }
  if (stale.length > 0) process.exitCode = 1;
} else {
  mkdirSync(directory, { recursive: true });
  for (const { file, text } of stale) writeFileSync(file, text);
  console.log(`${stale.length} networks written, the others were up to date.`);
}
