/**
 * Traces, by the OpenTelemetry API alone: without an SDK its calls do nothing. Whoever wants traces installs one and registers it before
 * the service starts (`node --import ./tracing-setup.mjs …`); docs/operations.md shows how.
 */
import type { Attributes, Span } from "@opentelemetry/api";
import { SpanKind, SpanStatusCode, context, propagation, trace } from "@opentelemetry/api";
import type { RequestHandler } from "express";
import { routeTemplate } from "./route-template.ts";

const TRACER_NAME = "berth";

/** Runs something within a span; a failure is noted on it and thrown on. `run` may add attributes that only its result tells. */
export async function traced<Result>(
  name: string,
  attributes: Attributes,
  run: (span: Span) => Promise<Result>,
): Promise<Result> {
  // The tracer is asked for each time: an SDK may be registered after this module was loaded.
  return trace.getTracer(TRACER_NAME).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await run(span);
    } catch (error) {
      if (error instanceof Error) span.recordException(error);
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: error instanceof Error ? error.message : String(error),
      });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Middleware: a span for each request, under the caller's where the request names one (traceparent). Goes before all that should be in it. */
export function traceRequests(): RequestHandler {
  return (request, response, next) => {
    const parent = propagation.extract(context.active(), request.headers);
    const span = trace.getTracer(TRACER_NAME).startSpan(
      request.method,
      {
        kind: SpanKind.SERVER,
        // The path without its query, which may hold anything.
        attributes: { "http.request.method": request.method, "url.path": request.path },
      },
      parent,
    );
    if (typeof request.id === "string") span.setAttribute("berth.request_id", request.id);
    response.once("close", () => {
      const route = routeTemplate(request);
      if (route !== null) {
        // OpenTelemetry's conventions: the template makes the name, since there would be too many paths.
        span.updateName(`${request.method} ${route}`);
        span.setAttribute("http.route", route);
      }
      span.setAttribute("http.response.status_code", response.statusCode);
      if (response.statusCode >= 500 || !response.writableFinished)
        span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(trace.setSpan(parent, span), next);
  };
}
