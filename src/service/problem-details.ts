/** Problem details for HTTP APIs (RFC 9457): every error that the service answers with. */
import { z } from "zod";
import type { InputProblem } from "../catalog/input-problem.ts";

/** The kinds of problem, with their status codes. */
export const PROBLEM_KINDS = {
  "invalid-input": { status: 400, title: "The request has a wrong or missing field" },
  "malformed-request": { status: 400, title: "The request cannot be read" },
  unauthorized: { status: 401, title: "The request does not say who makes it" },
  forbidden: { status: 403, title: "Whoever makes the request may not do this" },
  "unknown-route": { status: 404, title: "There is nothing at this path" },
  "unknown-cluster": { status: 404, title: "No cluster has this id" },
  "unknown-job": { status: 404, title: "No job has this id" },
  "unknown-plan": { status: 404, title: "No plan has this revision" },
  "unknown-webhook": { status: 404, title: "No webhook has this id" },
  "unknown-comparison": { status: 404, title: "No comparison has this id" },
  "unknown-campaign": { status: 404, title: "No campaign has this id" },
  "unknown-key": { status: 404, title: "No API key has this id" },
  "method-not-allowed": { status: 405, title: "This path does not take this method" },
  conflict: { status: 409, title: "The request contradicts what the service knows already" },
  pruned: { status: 410, title: "This is no longer kept" },
  "precondition-failed": { status: 412, title: "What the request builds on has changed meanwhile" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body is not JSON" },
  "unusable-input": { status: 422, title: "The request is well formed, but cannot be planned for" },
  "too-many-requests": { status: 429, title: "Requests come faster than they are taken" },
  "internal-error": { status: 500, title: "A defect of the service" },
  "not-ready": { status: 503, title: "The service is not ready" },
} as const;

export type ProblemKind = keyof typeof PROBLEM_KINDS;
/** Status codes that problems may have. */
export type ProblemStatus = (typeof PROBLEM_KINDS)[ProblemKind]["status"];

/** Items listed at most, and characters of a value repeated at most: an answer must not grow with a hostile request. */
const MAX_ITEMS = 100;
const MAX_VALUE_CHARACTERS = 200;

/** JSON form of one thing that is wrong. */
export const problemItemSchema = z
  .strictObject({
    path: z.string().meta({
      description: 'JSON pointer (RFC 6901) to what is wrong; "" is the whole input.',
      example: "/jobs/0/batchSize",
    }),
    value: z
      .unknown()
      .optional()
      .meta({ description: "What was found there; absent if nothing was, cut if long." }),
    message: z.string().meta({ example: "batchSize is missing" }),
    fix: z.string().meta({ description: "How to mend it.", example: "Add batchSize (number)." }),
  })
  .meta({ id: "ProblemItem", description: "One thing that is wrong with a request." });

/** JSON form of a problem. */
export const problemSchema = z
  .strictObject({
    type: z.string().meta({
      description: "Kind of problem: a URN that programs may compare.",
      format: "uri",
      example: "urn:problem-type:berth:invalid-input",
    }),
    title: z.string().meta({ description: "The same for all problems of a type." }),
    status: z.int().min(400).max(599).meta({ description: "HTTP status code." }),
    detail: z.string().meta({ description: "What is wrong this time." }),
    instance: z.string().meta({
      description:
        "This occurrence: a URN with the id that the service's log and the X-Request-Id header have.",
      format: "uri",
      example: "urn:uuid:5f0e8cbb-8d4e-4a39-9a55-8b1b0e1b6b1a",
    }),
    problems: z
      .array(problemItemSchema)
      .meta({ description: `What is wrong, item by item; at most ${MAX_ITEMS} are listed.` }),
    problemCount: z
      .int()
      .min(0)
      .meta({ description: "How many items are wrong, listed or not.", example: 1 }),
  })
  .meta({ id: "Problem", description: "Problem details (RFC 9457)." });

export type Problem = z.output<typeof problemSchema>;

/** A request that is answered with a problem; thrown by whoever finds out, answered by the error handler. */
export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly kind: ProblemKind;
  readonly problems: readonly InputProblem[];
  /** Response headers that go with it. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: {
      readonly problems?: readonly InputProblem[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.kind = kind;
    this.problems = more.problems ?? [];
    this.headers = more.headers ?? {};
  }
}

/** The status code that a kind of problem is answered with. */
export const statusOf = (kind: ProblemKind): ProblemStatus => PROBLEM_KINDS[kind].status;

/** A problem as JSON; `requestId` is a UUID. */
export function problemJson(problem: RequestProblem, requestId: string): Problem {
  const { status, title } = PROBLEM_KINDS[problem.kind];
  return {
    type: `urn:problem-type:berth:${problem.kind}`,
    title,
    status,
    detail: problem.message,
    instance: `urn:uuid:${requestId}`,
    problems: problem.problems.slice(0, MAX_ITEMS).map(itemJson),
    problemCount: problem.problems.length,
  };
}

/** One thing that is wrong, as JSON. */
export function itemJson({ path, value, message, fix }: InputProblem): Problem["problems"][number] {
  return value === undefined ? { path, message, fix } : { path, value: shortened(value), message, fix };
}

function shortened(value: unknown): unknown {
  const text: unknown = JSON.stringify(value);
  if (typeof text !== "string" || text.length <= MAX_VALUE_CHARACTERS) return value;
  return `${text.slice(0, MAX_VALUE_CHARACTERS)}…`;
}
