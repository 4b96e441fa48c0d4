/** One client of the embedded database: its socket, its place in the queue, and what must be undone when it goes. */
import type { Socket } from "node:net";
import type { BackendMessage, ReportedError, TransactionStatus } from "./backend-message.ts";
import { commandTag, errorFields, errorFrame, greeting, transactionStatus } from "./backend-message.ts";
import type { Engine } from "./engine.ts";
import { ENGINE_USER } from "./engine.ts";
import { FrontendReader, queryFrame, SYNC_FRAME } from "./frontend-message.ts";
import type { StartupRequest } from "./frontend-message.ts";
import type { ListenChange } from "./listen-statements.ts";
import { listened } from "./listen-statements.ts";
import type { Listener, Listeners } from "./listeners.ts";
import type { RequestBatch } from "./request-batch.ts";
import { BatchBuilder } from "./request-batch.ts";
import type { SessionSettings } from "./session-settings.ts";
import { mayHaveConfigured, settingsSql, startupSettings, takeBackSettings } from "./session-settings.ts";
import type { SessionTurns, TurnTaker } from "./session-turns.ts";
import { StatementNames } from "./statement-names.ts";

/** What all connections share. */
export interface SharedSession {
  readonly engine: Engine;
  readonly turns: SessionTurns;
  readonly listeners: Listeners;
  /** How long one connection may keep all others from the session, seconds. */
  readonly turnLimitSeconds: number;
}

/** A client's connection. */
export class Connection implements TurnTaker, Listener {
  readonly processId: number;
  readonly #socket: Socket;
  readonly #shared: SharedSession;
  readonly #reader = new FrontendReader();
  readonly #names: StatementNames;
  readonly #builder: BatchBuilder;
  readonly #batches: RequestBatch[] = [];
  #phase: "opening" | "greeting" | "open" | "closed" = "opening";
  #status: TransactionStatus = "I";
  #midCycle = false;
  #settings: SessionSettings = new Map();
  #settingsInForce = false;
  #mayHaveConfigured = false;
  #pendingListens: readonly ListenChange[] = [];
  #turnLimit: NodeJS.Timeout | null = null;
  #onceGone: () => void = () => undefined;
  /** Resolves once nothing of the connection is left in the session. */
  readonly gone: Promise<void>;

  constructor(socket: Socket, shared: SharedSession, processId: number) {
    this.#socket = socket;
    this.#shared = shared;
    this.processId = processId;
    this.#names = new StatementNames(processId);
    this.#builder = new BatchBuilder(this.#names);
    this.gone = new Promise((resolve) => {
      this.#onceGone = resolve;
    });
    socket.on("data", (chunk: Buffer) => {
      this.#receive(chunk);
    });
    // A broken pipe is an ended connection; "close" always follows.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#leave();
    });
  }

  /** Tells the client why, ends the connection, and undoes what it left open. */
  end(reason: ReportedError): void {
    if (this.#phase !== "closed") this.#socket.end(errorFrame(reason));
    this.#leave();
  }

  deliver(frame: Buffer): void {
    this.#write(frame);
  }

  async takeTurn(): Promise<"held" | "free"> {
    if (this.#phase === "closed") {
      await this.#cleanUp();
      return "free";
    }
    if (this.#phase === "greeting") {
      await this.#greet();
      return "free";
    }
    const batch = this.#batches.shift();
    if (batch !== undefined) await this.#run(batch);
    // The client may have gone while its batch ran.
    if (this.#batches.length > 0 || this.#hasClosed()) this.#shared.turns.request(this);
    if (this.#status !== "I" || this.#midCycle) {
      this.#startTurnLimit();
      return "held";
    }
    this.#stopTurnLimit();
    return "free";
  }

  #hasClosed(): boolean {
    return this.#phase === "closed";
  }

  #write(bytes: Buffer): void {
    if (this.#phase === "open" && bytes.length > 0) this.#socket.write(bytes);
  }

  #receive(chunk: Buffer): void {
    if (this.#phase === "closed") return;
    try {
      this.#reader.push(chunk);
      while (this.#phase === "opening") {
        const request = this.#reader.nextStartup();
        if (request === null) return;
        this.#open(request);
      }
      for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
        if (message.type === "X") {
          this.#socket.end();
          this.#leave();
          return;
        }
        const batch = this.#builder.add(message);
        if (batch !== null) this.#batches.push(batch);
      }
    } catch (error) {
      this.end(protocolViolation(error instanceof Error ? error.message : String(error)));
      return;
    }
    if (this.#batches.length > 0) this.#shared.turns.request(this);
  }

  #open(request: StartupRequest): void {
    switch (request.kind) {
      case "encryption":
        // "N": the socket is private to this user, so nothing is encrypted.
        this.#socket.write("N");
        return;
      case "cancel":
        // The one session runs a statement to its end before it reads anything else.
        this.#socket.end();
        this.#leave();
        return;
      case "unsupported":
        this.end(protocolViolation(`Protocol ${request.protocol} is not supported; use 3.0`));
        return;
      case "startup": {
        const refusal = refusalOf(request.parameters);
        if (refusal !== null) {
          this.end(refusal);
          return;
        }
        this.#settings = startupSettings(request.parameters);
        this.#phase = "greeting";
        this.#shared.turns.request(this);
        return;
      }
    }
  }

  async #greet(): Promise<void> {
    const { engine } = this.#shared;
    if (this.#settings.size > 0) {
      const answer = await engine.exchange({
        request: queryFrame(settingsSql(this.#settings)),
        endsCycle: true,
      });
      const error = answer.find(({ type }) => type === "E");
      this.#settings = await takeBackSettings(engine);
      if (error !== undefined) {
        const fields = errorFields(error);
        const message = fields.get("M") ?? "the connection's settings were refused";
        this.end({ severity: "FATAL", code: fields.get("C") ?? "22023", message, hint: "Mend the options." });
        return;
      }
    }
    this.#phase = "open";
    this.#socket.write(greeting(engine.parameterFrames, this.processId));
    if (this.#batches.length > 0) this.#shared.turns.request(this);
  }

  async #run(batch: RequestBatch): Promise<void> {
    const { engine, listeners } = this.#shared;
    if (this.#settings.size > 0 && !this.#settingsInForce) {
      await engine.execute(settingsSql(this.#settings));
      this.#settingsInForce = true;
    }
    const answer = await engine.exchange(batch);
    this.#midCycle = !batch.endsCycle;
    const ready = answer.findLast(({ type }) => type === "Z");
    if (ready !== undefined) this.#status = transactionStatus(ready);
    this.#mayHaveConfigured ||= batch.mayConfigure || mayHaveConfigured(answer);
    this.#noteListens(batch, answer);
    const reply = answer.filter(({ type }) => type !== "A" && !(type === "Z" && ready !== undefined));
    if (this.#status === "I" && !this.#midCycle) await this.#settle(answer);
    this.#write(Buffer.concat(reply.map(({ frame }) => frame)));
    for (const message of answer) if (message.type === "A") listeners.publish(message, this.processId);
    if (ready !== undefined) this.#write(ready.frame);
  }

  /** Statements after an error in one batch did not run; their tags are missing. */
  #noteListens({ listenChanges }: RequestBatch, answer: readonly BackendMessage[]): void {
    if (listenChanges.length === 0) return;
    const ran = answer.filter((message) => message.type === "C" && /^(UN)?LISTEN$/.test(commandTag(message)));
    this.#pendingListens = [...this.#pendingListens, ...listenChanges.slice(0, ran.length)];
  }

  /** At the end of a transaction: what it changed about listening and settings becomes the connection's own. */
  async #settle(answer: readonly BackendMessage[]): Promise<void> {
    const { engine, listeners } = this.#shared;
    if (this.#pendingListens.length > 0) {
      const changes = this.#pendingListens;
      this.#pendingListens = [];
      if (committed(answer)) await listeners.change(this, listened(listeners.channelsOf(this), changes));
    }
    if (this.#settingsInForce || this.#mayHaveConfigured) {
      this.#settings = await takeBackSettings(engine);
      this.#settingsInForce = false;
      this.#mayHaveConfigured = false;
    }
  }

  #leave(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#batches.length = 0;
    this.#stopTurnLimit();
    this.#shared.turns.request(this);
  }

  async #cleanUp(): Promise<void> {
    const { engine, listeners } = this.#shared;
    if (this.#midCycle) await engine.exchange({ request: SYNC_FRAME, endsCycle: true });
    if (this.#status !== "I" || this.#midCycle) await engine.execute("ROLLBACK");
    this.#status = "I";
    this.#midCycle = false;
    const closes = this.#names.closeAll();
    if (closes !== null) await engine.exchange({ request: closes, endsCycle: true });
    if (listeners.channelsOf(this).size > 0) await listeners.change(this, new Set());
    if (this.#settingsInForce || this.#mayHaveConfigured) await takeBackSettings(engine);
    this.#settingsInForce = false;
    this.#mayHaveConfigured = false;
    this.#onceGone();
  }

  #startTurnLimit(): void {
    const { turnLimitSeconds } = this.#shared;
    this.#turnLimit ??= setTimeout(() => {
      this.end({
        severity: "FATAL",
        code: "25P03",
        message: `A transaction held the embedded database for more than ${turnLimitSeconds} s and was rolled back`,
        hint: "While a transaction is open no other connection is served: run all of it on its own connection, without waiting for anything else.",
      });
    }, turnLimitSeconds * 1000);
  }

  #stopTurnLimit(): void {
    if (this.#turnLimit !== null) clearTimeout(this.#turnLimit);
    this.#turnLimit = null;
  }
}

function committed(answer: readonly BackendMessage[]): boolean {
  if (answer.some(({ type }) => type === "E")) return false;
  const last = answer.findLast(({ type }) => type === "C");
  return last === undefined || commandTag(last) !== "ROLLBACK";
}

function refusalOf(parameters: ReadonlyMap<string, string>): ReportedError | null {
  const database = parameters.get("database") ?? ENGINE_USER;
  const encoding = parameters.get("client_encoding") ?? "UTF8";
  if (database !== ENGINE_USER) {
    return {
      severity: "FATAL",
      code: "3D000",
      message: `The embedded database has no database "${database}"`,
      hint: `Connect to the database "${ENGINE_USER}".`,
    };
  }
  if (!/^'?(utf-?8|unicode)'?$/i.test(encoding)) {
    return {
      severity: "FATAL",
      code: "22023",
      message: `The embedded database does not speak the encoding ${encoding}`,
      hint: "Use UTF8.",
    };
  }
  return null;
}

function protocolViolation(message: string): ReportedError {
  return { severity: "FATAL", code: "08P01", message, hint: "Use a PostgreSQL client of protocol 3.0." };
}
