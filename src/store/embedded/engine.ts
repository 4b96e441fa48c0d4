/** The one PGlite session behind all connections: bytes of the wire protocol in, the answer's messages out. */
import { fsyncSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import type { BackendMessage } from "./backend-message.ts";
import { backendMessages, errorFields, firstColumn } from "./backend-message.ts";
import { DurableFiles } from "./durable-files.ts";
import { queryFrame, startupFrame } from "./frontend-message.ts";

/** The PostgreSQL of PGlite 0.5.16, and so of the directories that it writes. */
export const POSTGRESQL_MAJOR = 18;

/** User and database of the one session. */
export const ENGINE_USER = "postgres";

/** The engine can no longer be trusted to keep what it acknowledges; the process must open the directory again. */
export class EngineBrokenError extends Error {
  override readonly name = "EngineBrokenError";
}

/** Messages for the engine; one that ends its cycle is answered by ReadyForQuery. */
export interface EngineRequest {
  readonly request: Buffer;
  readonly endsCycle: boolean;
}

/** The running session. */
export interface Engine {
  /** ParameterStatus messages for a client's greeting. */
  readonly parameterFrames: readonly Buffer[];
  /** Runs messages. Throws EngineBrokenError when the engine panics, or does not become ready again at a cycle's end. */
  readonly exchange: (request: EngineRequest) => Promise<readonly BackendMessage[]>;
  /** Runs SQL of our own; throws when the engine reports an error. */
  readonly execute: (sql: string) => Promise<readonly BackendMessage[]>;
  /** Writes a checkpoint and ends the session. */
  readonly close: () => Promise<void>;
}

/** Where the engine keeps its files. */
export interface EngineOptions {
  /** Null for a database in memory, which does not outlive the engine. */
  readonly directory: string | null;
  /** A dump of files that a database in memory begins with; null or left out where it begins empty. */
  readonly memoryImage?: string | null;
  /** Flushes a descriptor to its device; fsync(2) when left out. Tests count calls and let them fail. */
  readonly fsync?: (descriptor: number) => void;
}

/** Starts PGlite on a directory of database files (durable), or in memory. */
export async function startEngine({
  directory,
  memoryImage = null,
  fsync = fsyncSync,
}: EngineOptions): Promise<Engine> {
  let broken: EngineBrokenError | null = null;
  const files =
    directory === null
      ? null
      : new DurableFiles(directory, {
          fsync,
          onFailure: (error) => {
            broken ??= new EngineBrokenError(`fsync failed in ${directory}: ${error.message}. ${REOPEN}`);
          },
        });
  const image = memoryImage === null ? {} : { loadDataDir: new Blob([await readFile(memoryImage)]) };
  const pglite = await PGlite.create(
    files === null ? image : { fs: files, startParams: durableStartParameters() },
  );

  const exchange = async ({ request, endsCycle }: EngineRequest): Promise<readonly BackendMessage[]> => {
    if (broken !== null) throw broken;
    const chunks: Buffer[] = [];
    // The other calls of PGlite parse every answer and keep all parsed rows until the next query of its own.
    await pglite.execProtocolRawStream(request, {
      syncToFs: false,
      // The bytes lie in the engine's memory, which the next message overwrites.
      onRawData: (bytes) => chunks.push(Buffer.from(bytes)),
    });
    const messages = backendMessages(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    broken ??= defect(messages);
    if (endsCycle && messages.at(-1)?.type !== "Z") {
      broken ??= new EngineBrokenError(`The database engine gave no complete answer. ${REOPEN}`);
    }
    // Nothing that this exchange may have acknowledged leaves the engine once it is broken.
    if (broken !== null) throw broken;
    return messages;
  };

  const execute = async (sql: string): Promise<readonly BackendMessage[]> => {
    const messages = await exchange({ request: queryFrame(sql), endsCycle: true });
    const error = messages.find(({ type }) => type === "E");
    if (error !== undefined) {
      throw new Error(
        `The embedded database refused ${sql}: ${errorFields(error).get("M") ?? "no reason given"}`,
      );
    }
    return messages;
  };

  const hello = await startup(pglite);
  await requireMajor(execute);
  return {
    parameterFrames: hello.filter(({ type }) => type === "S").map(({ frame }) => frame),
    exchange,
    execute,
    close: async () => {
      if (broken !== null) throw broken;
      await execute("CHECKPOINT");
      await pglite.close();
    },
  };
}

const REOPEN = "Nothing more is acknowledged: mend the disk and start the service again.";

/** PGlite's own start parameters, but with fsync: it starts with -F, which turns it off. */
function durableStartParameters(): string[] {
  return [
    ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
    ...["-c", "fsync=on", "-c", "wal_sync_method=fsync", "-c", "synchronous_commit=on"],
  ];
}

/** After a panic the engine goes on as if nothing had happened; the severity tells. */
function defect(messages: readonly BackendMessage[]): EngineBrokenError | null {
  for (const message of messages) {
    if (message.type !== "E") continue;
    const fields = errorFields(message);
    const severity = fields.get("V") ?? fields.get("S") ?? "";
    if (severity === "PANIC" || severity === "FATAL") {
      return new EngineBrokenError(
        `The database engine ended with ${severity}: ${fields.get("M") ?? ""}. ${REOPEN}`,
      );
    }
  }
  return null;
}

async function startup(pglite: PGlite): Promise<readonly BackendMessage[]> {
  const chunks: Buffer[] = [];
  const parameters = new Map([
    ["user", ENGINE_USER],
    ["database", ENGINE_USER],
  ]);
  await pglite.execProtocolRawStream(startupFrame(parameters), {
    syncToFs: false,
    onRawData: (bytes) => chunks.push(Buffer.from(bytes)),
  });
  return backendMessages(Buffer.concat(chunks));
}

async function requireMajor(execute: Engine["execute"]): Promise<void> {
  const [version = ""] = firstColumn(await execute("SHOW server_version_num"));
  const major = Math.floor(Number(version) / 10_000);
  if (major !== POSTGRESQL_MAJOR) {
    throw new Error(
      `The embedded engine is PostgreSQL ${major}, and Berth keeps directories of PostgreSQL ${POSTGRESQL_MAJOR}: install the PGlite of package-lock.json`,
    );
  }
}
