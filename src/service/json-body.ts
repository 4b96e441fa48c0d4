/** Reads JSON bodies; everything else is refused with a problem. */
import express from "express";
import type { RequestHandler } from "express";
import type { InputProblem } from "../catalog/input-problem.ts";
import { InvalidInput, jsonPointer } from "../catalog/input-problem.ts";
import { RequestProblem } from "./problem-details.ts";

/** Bytes of a body at most: a batch of 10,000 jobs still gets the answer that says how to split it. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

const refuseOtherTypes: RequestHandler = (request, _response, next) => {
  // null: the request has no body; the schema says whether it needs one. Clients may announce an empty one.
  if (request.headers["content-length"] !== "0" && request.is("application/json") === false) {
    const given = request.headers["content-type"] ?? "no type";
    throw new RequestProblem(
      "unsupported-media-type",
      `The body's Content-Type is ${given}; send application/json.`,
    );
  }
  next();
};

// Not strict: a number or a text is JSON too, and the schema names what is wrong with it.
const parse = express.json({ limit: MAX_BODY_BYTES, strict: false });

/** No database column takes these: the character 0, and halves of surrogate pairs. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
/** Nothing that means something is nested so deep, and whatever looks at it would run out of stack. */
const MOST_LEVELS = 50;

const refuseUnusableContent: RequestHandler = (request, _response, next) => {
  const body: unknown = request.body;
  const problem = contentProblem(body, []);
  if (problem !== undefined) throw new InvalidInput("body", [problem]);
  next();
};

/** What is wrong with a value whatever it means; undefined where nothing is. */
function contentProblem(value: unknown, path: readonly PropertyKey[]): InputProblem | undefined {
  if (typeof value === "string") return UNSTORABLE.test(value) ? unstorable(path) : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length >= MOST_LEVELS) return tooDeep(path);
  for (const [key, inner] of Object.entries(value)) {
    if (UNSTORABLE.test(key)) return unstorable(path);
    const isLeaf = (typeof inner !== "object" || inner === null) && typeof inner !== "string";
    const problem = isLeaf ? undefined : contentProblem(inner, [...path, key]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const unstorable = (path: readonly PropertyKey[]): InputProblem => ({
  path: jsonPointer(path),
  value: undefined,
  message: "a text has the character 0 or half of a surrogate pair",
  fix: "Leave such characters out.",
});

const tooDeep = (path: readonly PropertyKey[]): InputProblem => ({
  path: jsonPointer(path),
  value: undefined,
  message: `it is nested deeper than ${MOST_LEVELS} levels`,
  fix: "Correct the JSON; nothing that is asked for is nested so deep.",
});

/** Leaves the parsed body in `request.body`, undefined when there is none. */
export const readJsonBody = (): readonly RequestHandler[] => [refuseOtherTypes, parse, refuseUnusableContent];
