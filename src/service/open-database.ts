import type { DatabaseAddress } from "../store/connect.ts";
import { openEmbeddedDatabase } from "../store/embedded/open-embedded-database.ts";
import type { StoreSettings } from "./configuration.ts";

/** The database that the service keeps everything in. */
export interface OpenDatabase {
  readonly address: DatabaseAddress;
  /** Resolves, at most once, when it broke for good. */
  readonly failure: Promise<Error>;
  readonly close: () => Promise<void>;
}

/** Opens the embedded database, which this process then has for itself; a server is just there. */
export async function openDatabase(settings: StoreSettings): Promise<OpenDatabase> {
  if (settings.kind === "postgres") {
    return {
      address: { kind: "postgres", url: settings.databaseUrl },
      failure: new Promise(() => undefined),
      close: () => Promise.resolve(),
    };
  }
  const { poolConfig, failure, close } = await openEmbeddedDatabase({ dataDirectory: settings.directory });
  return { address: { kind: "embedded", poolConfig }, failure, close };
}
