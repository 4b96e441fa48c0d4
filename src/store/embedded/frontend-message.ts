/** What a PostgreSQL client sends, cut into messages (PostgreSQL 18 documentation, 54.7 Message Formats). */

/** One message of a client after its start-up: `type` is its first byte as a letter, `frame` is all of it. */
export interface FrontendMessage {
  readonly type: string;
  readonly frame: Buffer;
}

/** What a client may open a connection with. */
export type StartupRequest =
  | { readonly kind: "encryption" }
  | { readonly kind: "cancel" }
  | { readonly kind: "startup"; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: "unsupported"; readonly protocol: string };

/** Larger messages are refused: the engine holds each one at least twice in a memory of 2 GiB. */
export const MAX_MESSAGE_BYTES = 256 * 2 ** 20;

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_ENCRYPTION_REQUEST = 80_877_104;
const PROTOCOL_MAJOR = 3;

/** Collects a client's bytes and hands them out message by message. */
export class FrontendReader {
  #chunks: Buffer[] = [];
  #byteCount = 0;

  /** Adds what has arrived. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#byteCount += chunk.length;
  }

  /** The next message that opens a connection, which has no type byte; null until all of it has arrived. */
  nextStartup(): StartupRequest | null {
    const frame = this.#take(0);
    return frame === null ? null : startupRequest(frame);
  }

  /** The next message of an open connection; null until all of it has arrived. */
  next(): FrontendMessage | null {
    const frame = this.#take(1);
    return frame === null ? null : { type: String.fromCharCode(frame.readUInt8(0)), frame };
  }

  /** Chunks are joined only once a whole message is there, so that a large one is copied once. */
  #take(lengthOffset: 0 | 1): Buffer | null {
    const headerBytes = lengthOffset + 4;
    if (this.#byteCount < headerBytes) return null;
    if ((this.#chunks[0]?.length ?? 0) < headerBytes) this.#join();
    const frameBytes = lengthOffset + (this.#chunks[0]?.readInt32BE(lengthOffset) ?? 0);
    if (frameBytes < headerBytes || frameBytes > MAX_MESSAGE_BYTES) {
      throw new RangeError(
        `A client sent a message of ${frameBytes} bytes; between ${headerBytes} and ${MAX_MESSAGE_BYTES} are possible: send less at once`,
      );
    }
    if (this.#byteCount < frameBytes) return null;
    if ((this.#chunks[0]?.length ?? 0) < frameBytes) this.#join();
    const [first = Buffer.alloc(0), ...others] = this.#chunks;
    const rest = first.subarray(frameBytes);
    this.#chunks = rest.length === 0 ? others : [rest, ...others];
    this.#byteCount -= frameBytes;
    return first.subarray(0, frameBytes);
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

/** The text that ends at the next zero byte, and the offset behind that byte. */
export function zeroTerminated(
  frame: Buffer,
  offset: number,
): { readonly text: string; readonly end: number } {
  const zero = frame.indexOf(0, offset);
  if (zero < 0) {
    throw new RangeError(
      `A client sent a message of ${frame.length} bytes without the zero that ends its text`,
    );
  }
  return { text: frame.toString("utf8", offset, zero), end: zero + 1 };
}

/** A message with a type byte, its length and its body. */
export function frameOf(type: string, ...body: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(5);
  header.write(type, 0, "latin1");
  header.writeInt32BE(4 + body.reduce((bytes, part) => bytes + part.length, 0), 1);
  return Buffer.concat([header, ...body]);
}

/** The zero-terminated form of a text. */
export function textField(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf8");
}

/** A simple query. */
export function queryFrame(sql: string): Buffer {
  return frameOf("Q", textField(sql));
}

/** The message that ends an extended cycle. */
export const SYNC_FRAME = frameOf("S");

/** What a client sends to open a connection as a user on a database. */
export function startupFrame(parameters: ReadonlyMap<string, string>): Buffer {
  const body = Buffer.concat([
    ...[...parameters].flatMap(([name, value]) => [textField(name), textField(value)]),
    Buffer.from([0]),
  ]);
  const header = Buffer.alloc(8);
  header.writeInt32BE(8 + body.length, 0);
  header.writeInt32BE(PROTOCOL_MAJOR << 16, 4);
  return Buffer.concat([header, body]);
}

function startupRequest(frame: Buffer): StartupRequest {
  const code = frame.length < 8 ? 0 : frame.readInt32BE(4);
  if (code === CANCEL_REQUEST) return { kind: "cancel" };
  if (code === SSL_REQUEST || code === GSS_ENCRYPTION_REQUEST) return { kind: "encryption" };
  if (code >> 16 !== PROTOCOL_MAJOR)
    return { kind: "unsupported", protocol: `${code >> 16}.${code & 0xffff}` };
  const parameters = new Map<string, string>();
  for (let offset = 8; frame[offset] !== 0;) {
    const name = zeroTerminated(frame, offset);
    const value = zeroTerminated(frame, name.end);
    parameters.set(name.text, value.text);
    offset = value.end;
  }
  return { kind: "startup", parameters };
}
