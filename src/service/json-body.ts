/** Reads JSON bodies; everything else is refused with a problem. */
import express from "express";
import type { RequestHandler } from "express";
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

/** Leaves the parsed body in `request.body`, undefined when there is none. */
export const readJsonBody = (): readonly RequestHandler[] => [refuseOtherTypes, parse];
