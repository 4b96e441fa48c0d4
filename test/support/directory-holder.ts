/** A process that opens a data directory and keeps it: `directory-holder.ts <data directory>`. It prints `open`, or why it could not. */
import { openEmbeddedDatabase } from "../../src/store/embedded/open-embedded-database.ts";

const [, , dataDirectory = ""] = process.argv;
try {
  await openEmbeddedDatabase({ dataDirectory });
  process.stdout.write("open\n");
} catch (error) {
  process.stdout.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
}
