import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { Agent, get } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { serverDrain } from "../../../src/service/operations/drain-server.ts";
import type { Shutdown } from "../../../src/service/operations/graceful-shutdown.ts";
import {
  STEP_SECONDS,
  shutDown,
  shutDownOnSignal,
} from "../../../src/service/operations/graceful-shutdown.ts";
import type { FakeClock } from "../fake-clock.ts";
import { fakeClock } from "../fake-clock.ts";
import type { LocalServer } from "../security/local-server.ts";
import { serve } from "../security/local-server.ts";
import { startProgram } from "../../support/start-program.ts";

const never = (): Promise<void> => new Promise(() => undefined);

interface Rehearsal {
  readonly shutdown: Shutdown;
  readonly clock: FakeClock;
  readonly happened: string[];
  readonly logLines: string[];
}

/** A shutdown whose steps only say that they happened. */
function rehearsal(changes: Partial<Shutdown> = {}): Rehearsal {
  const happened: string[] = [];
  const logLines: string[] = [];
  const clock = fakeClock(0);
  const step = (name: string) => (): Promise<void> => {
    happened.push(name);
    return Promise.resolve();
  };
  const shutdown: Shutdown = {
    markUnready: () => void happened.push("unready"),
    drain: step("drain"),
    abandon: () => void happened.push("abandon"),
    graceSeconds: 20,
    closing: [
      { name: "loop", close: step("loop") },
      { name: "solver", close: step("solver") },
      { name: "store", close: step("store") },
    ],
    clock,
    logger: pino({ level: "warn" }, { write: (line: string) => void logLines.push(line) }),
    exit: (code) => void happened.push(`exit ${code}`),
    ...changes,
  };
  return { shutdown, clock, happened, logLines };
}

const untilWaits = async (clock: FakeClock): Promise<void> => {
  while (clock.dueTimes().length === 0) await turn();
};

describe("a shutdown", () => {
  it("goes from outside to inside", async () => {
    const { shutdown, happened, logLines, clock } = rehearsal();
    expect(await shutDown(shutdown)).toBe(0);
    expect(happened).toEqual(["unready", "drain", "loop", "solver", "store"]);
    expect(logLines).toEqual([]);
    expect(clock.dueTimes()).toEqual([]);
  });

  it("cuts off requests that outlast the grace period, and that is no failure", async () => {
    let end = (): void => undefined;
    const { shutdown, happened, clock } = rehearsal();
    const drain = (): Promise<void> => new Promise((resolve) => (end = resolve));
    const ended = shutDown({
      ...shutdown,
      drain,
      abandon: () => {
        happened.push("abandon");
        end();
      },
    });
    await untilWaits(clock);
    await turn();
    clock.advanceTo(19.9);
    await turn();
    expect(happened).toEqual(["unready"]);
    clock.advanceTo(20);
    expect(await ended).toBe(0);
    expect(happened).toEqual(["unready", "abandon", "loop", "solver", "store"]);
  });

  it("closes the rest where a step fails or hangs, and says so with exit code 1", async () => {
    const closed: string[] = [];
    const { shutdown, clock, logLines } = rehearsal({
      closing: [
        {
          name: "loop",
          close: () => {
            throw new Error("disk full");
          },
        },
        { name: "solver", close: never },
        { name: "store", close: () => void closed.push("store") },
      ],
    });
    const ended = shutDown(shutdown);
    while (!logLines.join().includes("disk full")) await turn();
    await untilWaits(clock);
    clock.advanceBy(STEP_SECONDS);
    expect(await ended).toBe(1);
    expect(closed).toEqual(["store"]);
    expect(logLines.map((line) => (JSON.parse(line) as { step: string }).step)).toEqual(["loop", "solver"]);
  });

  it("begins at the first signal and ends at once at the second", async () => {
    const signals = new EventEmitter();
    const { shutdown, happened } = rehearsal();
    shutDownOnSignal(signals, { ...shutdown, drain: never });
    signals.emit("SIGTERM");
    await turn();
    expect(happened).toEqual(["unready"]);
    signals.emit("SIGINT");
    expect(happened).toEqual(["unready", "exit 1"]);

    const orderly = rehearsal();
    shutDownOnSignal(signals, orderly.shutdown);
    signals.emit("SIGINT");
    while (!orderly.happened.includes("exit 0")) await turn();
    expect(orderly.happened.at(-1)).toBe("exit 0");
  });
});

describe("a server's end", () => {
  const servers: LocalServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  it("lets requests under way end, takes no new ones, and keeps no connection alive", async () => {
    let held: ServerResponse | undefined;
    const local = await serve((request, response) => {
      if (request.url === "/held") held = response;
      else response.end("ok");
    });
    servers.push(local);
    const { drain } = serverDrain(local.server);
    const agent = new Agent({ keepAlive: true });
    const ask = async (path: string): Promise<string | undefined> => {
      const [response] = (await once(
        get({ agent, port: local.port, path, host: "127.0.0.1" }),
        "response",
      )) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      return response.headers.connection;
    };
    expect(await ask("/")).toBe("keep-alive");
    const arrived = once(local.server, "request");
    const answer = ask("/held");
    await arrived;
    let isDrained = false;
    const drained = drain().then(() => (isDrained = true));
    await expect(fetch(local.url)).rejects.toThrow();
    expect(isDrained).toBe(false);
    held?.end("late, but whole");
    await answer;
    await drained;
    agent.destroy();
  });

  it("can be forced", async () => {
    const local = await serve(() => undefined);
    servers.push(local);
    const { drain, abandon } = serverDrain(local.server);
    const arrived = once(local.server, "request");
    const answer = fetch(local.url);
    await arrived;
    const drained = drain();
    abandon();
    await expect(answer).rejects.toThrow();
    await drained;
  });
});

describe("a process", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  /** Starts a server with a request under way that ends when it is told to. */
  async function start(): Promise<{
    readonly child: ChildProcess;
    readonly said: string[];
    readonly port: number;
  }> {
    const child = await startProgram(new URL("shutdown-child.ts", import.meta.url));
    children.push(child);
    const said: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(...text.trim().split("\n")));
    while (said.length === 0) await once(child.stdout, "data");
    return { child, said, port: Number(said[0]) };
  }

  it("answers what is under way after SIGTERM, closes, and exits with 0", async () => {
    const { child, said, port } = await start();
    const answer = fetch(`http://127.0.0.1:${port}/until-signal`);
    while (!said.includes("request")) await turn();
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await (await answer).text()).toBe("whole");
    expect(await exited).toEqual([0, null]);
    expect(said.slice(1)).toEqual(["request", "unready", "closed store"]);
  });

  it("exits with 1 at the second signal", async () => {
    const { child, said, port } = await start();
    const answer = fetch(`http://127.0.0.1:${port}/never`).catch(() => "cut off");
    while (!said.includes("request")) await turn();
    const exited = once(child, "exit");
    child.kill("SIGINT");
    while (!said.includes("unready")) await turn();
    child.kill("SIGINT");
    expect(await exited).toEqual([1, null]);
    expect(await answer).toBe("cut off");
    expect(said).not.toContain("closed store");
  });
});
