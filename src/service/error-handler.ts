/** Turns whatever a handler throws into problem details; a defect shows its correlation id and nothing of the inside. */
import { randomUUID } from "node:crypto";
import type { ErrorRequestHandler, Request } from "express";
import type { Logger } from "pino";
import { InvalidInput } from "../catalog/input-problem.ts";
import { MAX_BODY_BYTES } from "./json-body.ts";
import { UnknownCluster } from "../store/store.ts";
import { RequestProblem, problemJson, statusOf } from "./problem-details.ts";

/** The last handler of the app. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const requestId = requestIdOf(request);
    const problem = requestProblem(error) ?? defect(logger, error, requestId);
    response.status(statusOf(problem.kind)).set(problem.headers).type("application/problem+json");
    response.json(problemJson(problem, requestId));
  };
}

/** The id that the log has for a request. */
function requestIdOf(request: Request): string {
  return typeof request.id === "string" ? request.id : randomUUID();
}

function defect(logger: Logger, error: unknown, requestId: string): RequestProblem {
  logger.error({ err: error, correlationId: requestId }, "request failed");
  return new RequestProblem(
    "internal-error",
    `Nothing is wrong with the request. The log has the cause under correlation id ${requestId}.`,
  );
}

/** The problem that an error stands for; undefined for a defect. */
function requestProblem(error: unknown): RequestProblem | undefined {
  if (error instanceof RequestProblem) return error;
  if (error instanceof UnknownCluster) return new RequestProblem("unknown-cluster", error.message);
  if (error instanceof InvalidInput) {
    const count = error.problems.length === 1 ? "one problem" : `${error.problems.length} problems`;
    return new RequestProblem("invalid-input", `The ${error.source} has ${count}.`, {
      problems: error.problems,
    });
  }
  return error instanceof Error && "status" in error ? httpProblem(error, error.status) : undefined;
}

/** What express and its body parser throw: errors with a status. */
function httpProblem(error: Error, status: unknown): RequestProblem | undefined {
  switch (status) {
    case 400:
      return new RequestProblem("malformed-request", `The request cannot be read: ${error.message}.`);
    case 413:
      return new RequestProblem(
        "body-too-large",
        `A body may have ${MAX_BODY_BYTES} bytes; split the batch into several requests.`,
      );
    case 415:
      return new RequestProblem("unsupported-media-type", `The body cannot be decoded: ${error.message}.`);
    default:
      return undefined;
  }
}
