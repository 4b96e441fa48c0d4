/** Budgets of requests: one for reads and one for writes, for each principal, or for each address where nobody has said who they are. */
import type { Request, RequestHandler, Response } from "express";
import { rateLimit } from "express-rate-limit";
import { secondsToMilliseconds } from "../../domain/units.ts";
import { RequestProblem } from "../problem-details.ts";
import { isOpenPath } from "./authenticate.ts";
import { countedAddress } from "./source-address.ts";

/** Requests a minute; "off" lifts a limit, and only that word does. */
export type RequestsPerMinute = number | "off";

export interface RateLimits {
  readonly readsPerMinute: RequestsPerMinute;
  readonly writesPerMinute: RequestsPerMinute;
}

const WINDOW_SECONDS = 60;

type Budget = "reads" | "writes";

/**
 * Middleware for after authenticate(): answers 429 with Retry-After once a budget is used up. Each process counts for itself, so that
 * with several behind a balancer each has the whole budget. Health checks and the documentation are not counted.
 */
export function rateLimits({ readsPerMinute, writesPerMinute }: RateLimits): readonly RequestHandler[] {
  return [...limitOf("reads", readsPerMinute), ...limitOf("writes", writesPerMinute)];
}

function limitOf(budget: Budget, perMinute: RequestsPerMinute): readonly RequestHandler[] {
  if (perMinute === "off") return [];
  return [
    rateLimit({
      windowMs: secondsToMilliseconds(WINDOW_SECONDS),
      limit: perMinute,
      identifier: budget,
      standardHeaders: "draft-8",
      legacyHeaders: false,
      skip: (request) => isOpenPath(request.path) || budgetOf(request) !== budget,
      keyGenerator: countedUnder,
      // Whether X-Forwarded-For counts is BERTH_TRUST_PROXY's matter; a client that sends it unasked is no reason to complain.
      validate: { xForwardedForHeader: false, forwardedHeader: false },
      handler: (_request, response) => {
        const waitSeconds = Number(response.getHeader("Retry-After") ?? WINDOW_SECONDS);
        throw new RequestProblem(
          "too-many-requests",
          `At most ${perMinute} ${budget} are taken each minute; send the next one in ${waitSeconds} s.`,
          { headers: { "Retry-After": `${waitSeconds}` } },
        );
      },
    }),
  ];
}

const budgetOf = ({ method }: Request): Budget =>
  method === "GET" || method === "HEAD" || method === "OPTIONS" ? "reads" : "writes";

function countedUnder(request: Request, response: Response): string {
  const { principal } = response.locals;
  return principal === undefined ? `address ${countedAddress(request)}` : `${principal.kind} ${principal.id}`;
}
