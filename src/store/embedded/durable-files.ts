/** PGlite's files on disk, with fsync restored: PGlite 0.5.16 mounts Emscripten's NODEFS, whose streams have none. */
import { fsyncSync } from "node:fs";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** Is told of every fsync that reached the operating system, and of one that failed. */
export interface FsyncObserver {
  readonly onFsync: () => void;
  readonly onFailure: (error: Error) => void;
}

type Init = NodeFS["init"];

/** A NodeFS whose files and directories are flushed to the device when PostgreSQL asks for it. */
export class DurableFiles extends NodeFS {
  readonly #observer: FsyncObserver;

  constructor(directory: string, observer: FsyncObserver) {
    super(directory);
    this.#observer = observer;
  }

  override async init(...args: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(...args);
    const restoreFsync = (module: unknown): void => {
      installFsync(module, this.#observer);
    };
    return {
      emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), restoreFsync] },
    };
  }
}

interface FsyncableModule {
  readonly NODEFS: {
    readonly stream_ops: object;
    /** Turns an error of node:fs into the errno that PostgreSQL sees. */
    readonly tryFSOperation: (operation: () => void) => void;
  };
}

/** `fd_sync` of PGlite's Emscripten calls `stream.stream_ops.fsync` where it is there, and reports success where it is not. */
function installFsync(module: unknown, observer: FsyncObserver): void {
  if (!isFsyncable(module)) {
    throw new Error(
      "PGlite's module has no NODEFS.stream_ops to restore fsync in; use PGlite 0.5.16, whose module has",
    );
  }
  const { NODEFS } = module;
  const fsync = (stream: { readonly nfd: number }): void => {
    NODEFS.tryFSOperation(() => {
      try {
        fsyncSync(stream.nfd);
      } catch (error) {
        observer.onFailure(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
    });
    observer.onFsync();
  };
  Object.assign(NODEFS.stream_ops, { fsync });
}

function isFsyncable(module: unknown): module is FsyncableModule {
  if (typeof module !== "object" || module === null || !("NODEFS" in module)) return false;
  const { NODEFS } = module;
  return (
    typeof NODEFS === "object" &&
    NODEFS !== null &&
    "stream_ops" in NODEFS &&
    typeof NODEFS.stream_ops === "object" &&
    "tryFSOperation" in NODEFS &&
    typeof NODEFS.tryFSOperation === "function"
  );
}
