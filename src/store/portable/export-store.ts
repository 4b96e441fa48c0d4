/**
 * Writes everything that a store holds as lines of JSON that any other store of the same version takes in:
 *
 *   {"kind":"berth-store","format":1,"schema":[…migrations]}
 *   {"kind":"table","name":"clusters"}
 *   one line for each row, in the order of the table's key
 *   …
 *   {"kind":"end","digests":{"clusters":{"rowCount":1,"sha256":"…"},…},"pending":[…]}
 *
 * It is the state of one moment. The queue is not part of it: comparisons that are open are queued again by themselves, and webhooks are told anew
 * from the first plan on whose delivery is pending.
 */
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Store } from "../store.ts";
import { pendingDeliveries } from "./pending-deliveries.ts";
import { portableTables, schemaVersion } from "./portable-tables.ts";
import type { TableDigest } from "./table-rows.ts";
import { tableDigester, tableLines } from "./table-rows.ts";

/** Format of the lines. */
export const PORTABLE_FORMAT = 1;

/** Is told how far it is. */
export type PortableProgress = (tableName: string, rowCount: number) => void;

/** Writes the store to a stream, which stays open; says what each table held. Throws where the stream ends before. */
export async function exportStore(
  { db }: Pick<Store, "db">,
  out: Writable,
  onProgress: PortableProgress,
): Promise<Readonly<Record<string, TableDigest>>> {
  const write = async (lines: readonly string[]): Promise<void> => {
    if (!out.write(lines.map((line) => `${line}\n`).join(""))) await drained(out);
    if (out.destroyed) throw out.errored ?? new Error("The stream was closed before everything was written");
  };
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => {
      const digests: Record<string, TableDigest> = {};
      const schema = await schemaVersion(tx);
      await write([JSON.stringify({ kind: "berth-store", format: PORTABLE_FORMAT, schema })]);
      for (const table of await portableTables(tx)) {
        await write([JSON.stringify({ kind: "table", name: table.name })]);
        const digester = tableDigester();
        let rowCount = 0;
        for await (const lines of tableLines(tx, table)) {
          digester.add(lines);
          await write(lines);
          rowCount += lines.length;
          onProgress(table.name, rowCount);
        }
        digests[table.name] = digester.digest();
      }
      await write([JSON.stringify({ kind: "end", digests, pending: await pendingDeliveries(tx) })]);
      return digests;
    });
}

/** Until there is room again, or never will be. */
async function drained(out: Writable): Promise<void> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    await Promise.race([once(out, "drain", { signal }), once(out, "close", { signal })]);
  } finally {
    listening.abort();
  }
}
