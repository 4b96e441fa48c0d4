import { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes, Context, ContextManager, Span, SpanOptions, Tracer } from "@opentelemetry/api";
import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, context, propagation, trace } from "@opentelemetry/api";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { traceRequests, traced } from "../../../src/service/operations/tracing.ts";
import { testStore } from "../../support/test-store.ts";
import { draftSolver } from "../fake-solver.ts";
import { plannedCluster } from "../planned-cluster.ts";
import { serveApp } from "../security/local-server.ts";
import { arrival } from "../test-cluster.ts";

/** What a span was told. */
interface Told {
  name: string;
  parentId: string | undefined;
  attributes: Attributes;
  status: SpanStatusCode;
  exceptions: unknown[];
  isEnded: boolean;
}

const spans: Told[] = [];

/** A tracer that keeps spans in memory: as little of an SDK as shows what it would be told. */
class MemoryTracer implements Tracer {
  startSpan(name: string, options: SpanOptions = {}, parent: Context = context.active()): Span {
    const told: Told = {
      name,
      parentId: trace.getSpanContext(parent)?.spanId,
      attributes: { ...options.attributes },
      status: SpanStatusCode.UNSET,
      exceptions: [],
      isEnded: false,
    };
    const spanId = `${spans.push(told)}`.padStart(16, "0");
    const span: Span = {
      spanContext: () => ({ traceId: "0".repeat(31) + "1", spanId, traceFlags: TraceFlags.SAMPLED }),
      setAttribute: (key, value) => ((told.attributes[key] = value), span),
      setAttributes: (more) => (Object.assign(told.attributes, more), span),
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: ({ code }) => ((told.status = code), span),
      updateName: (next) => ((told.name = next), span),
      end: () => void (told.isEnded = true),
      isRecording: () => !told.isEnded,
      recordException: (exception) => void told.exceptions.push(exception),
    };
    return span;
  }

  startActiveSpan<Run extends (span: Span) => unknown>(name: string, run: Run): ReturnType<Run>;
  startActiveSpan<Run extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    run: Run,
  ): ReturnType<Run>;
  startActiveSpan<Run extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    parent: Context,
    run: Run,
  ): ReturnType<Run>;
  startActiveSpan(name: string, ...rest: readonly unknown[]): unknown {
    const run = rest.at(-1);
    if (typeof run !== "function") throw new Error("startActiveSpan needs something to run");
    const options: SpanOptions = typeof rest[0] === "object" && rest[0] !== null ? rest[0] : {};
    const span = this.startSpan(name, options);
    return context.with(
      trace.setSpan(context.active(), span),
      () => Reflect.apply(run, undefined, [span]) as unknown,
    );
  }
}

class LocalContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with<Args extends unknown[], Run extends (...args: Args) => ReturnType<Run>>(
    active: Context,
    run: Run,
    self?: ThisParameterType<Run>,
    ...args: Args
  ): ReturnType<Run> {
    return this.#storage.run(active, () => run.apply(self, args));
  }
  bind<Target>(_context: Context, target: Target): Target {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    this.#storage.disable();
    return this;
  }
}

describe("without an SDK", () => {
  it("nothing is noted and everything runs", async () => {
    expect(await traced("decide", { jobs: 3 }, () => Promise.resolve(7))).toBe(7);
    await expect(traced("decide", {}, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(spans).toEqual([]);
  });
});

describe("with an SDK", () => {
  beforeAll(() => {
    trace.setGlobalTracerProvider({ getTracer: () => new MemoryTracer() });
    context.setGlobalContextManager(new LocalContexts());
    propagation.setGlobalPropagator({
      inject: () => undefined,
      fields: () => ["traceparent"],
      extract: (parent, carrier: Record<string, unknown>) => {
        const [, traceId, spanId] = String(carrier["traceparent"]).split("-");
        return traceId === undefined || spanId === undefined
          ? parent
          : trace.setSpanContext(parent, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
      },
    });
  });
  afterAll(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });
  beforeEach(() => {
    spans.length = 0;
  });

  it("a span has a name, attributes, children, and ends", async () => {
    await traced("decide", { "berth.cluster": "berlin" }, async (span) => {
      await traced("solve", {}, () => Promise.resolve());
      span.setAttribute("berth.revision", 4);
    });
    expect(spans).toMatchObject([
      { name: "decide", isEnded: true, attributes: { "berth.cluster": "berlin", "berth.revision": 4 } },
      { name: "solve", isEnded: true, parentId: "0000000000000001" },
    ]);
  });

  it("a failure is noted and thrown on", async () => {
    const error = new Error("disk full");
    await expect(traced("save", {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(spans).toMatchObject([{ status: SpanStatusCode.ERROR, exceptions: [error], isEnded: true }]);
  });

  it("a decision of a planner has one, and so has its commit", async () => {
    const database = await testStore();
    const cluster = await plannedCluster(database.store, { solver: draftSolver });
    try {
      await cluster.submit(arrival("a"));
      await cluster.settled();
    } finally {
      await cluster.close();
      await database.close();
    }
    const named = (name: string) => spans.filter((span) => span.name === name);
    expect(named("decide").length).toBeGreaterThanOrEqual(cluster.decisions.length);
    expect(named("decide").at(-1)).toMatchObject({
      isEnded: true,
      attributes: {
        "berth.cluster": "default",
        "berth.policy": "per-node",
        "berth.stop_reason": cluster.decisions.at(-1)?.plan.proof.stopReason,
      },
    });
    expect(named("commit plan").at(-1)).toMatchObject({
      isEnded: true,
      attributes: { "berth.cluster": "default", "berth.outcome": "in-force" },
    });
  });

  it("a request has a span, under its caller's, named after the route; what it does is under it", async () => {
    const server = await serveApp((app) => {
      app.use(traceRequests());
      app.get("/v1/jobs/:jobId", async (_request, response) => {
        await traced("find job", {}, () => Promise.resolve());
        response.json({});
      });
      app.get("/v1/defect", () => {
        throw new Error("a bug");
      });
    });
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await fetch(`${server.url}/v1/jobs/JJ1?token=hunter2`, { headers: { traceparent } });
    await fetch(`${server.url}/v1/defect`);
    await fetch(`${server.url}/nowhere`);
    await server.close();
    expect(spans).toMatchObject([
      {
        name: "GET /v1/jobs/:jobId",
        parentId: "b".repeat(16),
        status: SpanStatusCode.UNSET,
        attributes: {
          "http.route": "/v1/jobs/:jobId",
          "url.path": "/v1/jobs/JJ1",
          "http.response.status_code": 200,
        },
      },
      { name: "find job", parentId: "0000000000000001" },
      { name: "GET /v1/defect", parentId: undefined, status: SpanStatusCode.ERROR },
      { name: "GET", status: SpanStatusCode.UNSET, attributes: { "http.response.status_code": 404 } },
    ]);
    expect(spans.every(({ isEnded }) => isEnded)).toBe(true);
    expect(JSON.stringify(spans)).not.toContain("hunter2");
  });
});
