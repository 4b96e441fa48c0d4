/** PGlite's files on disk, with fsync restored: PGlite 0.5.16 mounts Emscripten's NODEFS, whose streams have none. */
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** How to flush, and who is told when that failed. */
export interface Flushing {
  readonly fsync: (descriptor: number) => void;
  readonly onFailure: (error: Error) => void;
}

type Init = NodeFS["init"];

/** A NodeFS whose files and directories are flushed to the device when PostgreSQL asks for it. */
export class DurableFiles extends NodeFS {
  readonly #flushing: Flushing;

  constructor(directory: string, flushing: Flushing) {
    super(directory);
    this.#flushing = flushing;
  }

  override async init(...args: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(...args);
    const restoreFsync = (module: unknown): void => {
      installFsync(module, this.#flushing);
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
function installFsync(module: unknown, flushing: Flushing): void {
  if (!isFsyncable(module)) {
    throw new Error(
      "PGlite's module has no NODEFS.stream_ops to restore fsync in; use PGlite 0.5.16, whose module has",
    );
  }
  const { NODEFS } = module;
  const fsync = (stream: { readonly nfd: number }): void => {
    NODEFS.tryFSOperation(() => {
      try {
        flushing.fsync(stream.nfd);
      } catch (error) {
        flushing.onFailure(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
    });
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
