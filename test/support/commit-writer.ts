/** A process that commits from four connections until it is killed: `commit-writer.ts <data directory> <round>`. It prints what it found and what was acknowledged. */
import { openEmbeddedDatabase, poolOf } from "../../src/store/embedded/open-embedded-database.ts";

const CONNECTIONS = 4;
const [, , dataDirectory = "", round = ""] = process.argv;
const database = await openEmbeddedDatabase({ dataDirectory });
const pool = poolOf(database.poolConfig, CONNECTIONS);
await pool.query("CREATE TABLE IF NOT EXISTS kept (id text PRIMARY KEY, filling text)");
const { rows } = await pool.query<{ id: string }>("SELECT id FROM kept");
process.stdout.write(`found ${rows.map(({ id }) => id).join(" ")}\n`);
await Promise.all(
  Array.from({ length: CONNECTIONS }, async (_, connection) => {
    for (let n = 0; ; n += 1) {
      const id = `${round}-${connection}-${n}`;
      await pool.query("INSERT INTO kept VALUES ($1, $2)", [id, "x".repeat(500)]);
      process.stdout.write(`kept ${id}\n`);
    }
  }),
);
