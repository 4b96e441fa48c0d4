/**
 * Holds every documented answer to openapi.yaml. Each path gets a validator of its own at its first request, of what the document says of this
 * path: a validator reads all of its document for each kind of answer that it compiles, which for the whole of it is a quarter of a second.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Router } from "express";
import type { RequestHandler } from "express";
import { middleware } from "express-openapi-validator";
import { parse } from "yaml";

type OpenapiDocument = Exclude<Parameters<typeof middleware>[0]["apiSpec"], string>;
/** By kind (schemas, responses, …) and name. */
type Components = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** openapi.yaml. */
export const DOCUMENT = parse(
  readFileSync(fileURLToPath(new URL("../../openapi.yaml", import.meta.url)), "utf8"),
) as OpenapiDocument;

/** Where two paths fit a request, the one with fewer parameters is meant. */
const PATHS = Object.keys(DOCUMENT.paths ?? {})
  .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}/?$`, "i") }))
  .sort((a, b) => parameterCount(a.path) - parameterCount(b.path));

const validators = new Map<string, RequestHandler>();

/** Passes an error on where an answer is not as documented; lets answers of undocumented paths be. */
export const documentedAnswers: RequestHandler = (request, response, next) => {
  const path = PATHS.find(({ pattern }) => pattern.test(request.path))?.path;
  if (path === undefined) {
    next();
    return;
  }
  let validator = validators.get(path);
  if (validator === undefined) validators.set(path, (validator = validatorOf(documentOf(path))));
  void validator(request, response, next);
};

/** Holds answers to a document; refuses one that is not OpenAPI when it is told to look. */
export function validatorOf(
  apiSpec: OpenapiDocument,
  { validateApiSpec = false }: { readonly validateApiSpec?: boolean } = {},
): RequestHandler {
  const router = Router();
  router.use(
    middleware({
      apiSpec,
      validateApiSpec,
      validateRequests: false,
      validateResponses: true,
      validateSecurity: false,
      ignoreUndocumented: true,
      fileUploader: false,
    }),
  );
  return router;
}

/** The part of the document that is about one path, with all that it refers to. */
function documentOf(path: string): OpenapiDocument {
  const paths = { [path]: DOCUMENT.paths?.[path] };
  return { ...DOCUMENT, paths, components: componentsOf(paths) } as OpenapiDocument;
}

function componentsOf(paths: unknown): Components {
  const all = DOCUMENT.components as Components;
  const found: Record<string, Record<string, unknown>> = {};
  const open: unknown[] = [paths];
  while (open.length > 0) {
    for (const [, kind = "", name = ""] of JSON.stringify(open.pop()).matchAll(
      /"#\/components\/(\w+)\/([^"]+)"/g,
    )) {
      const ofKind = (found[kind] ??= {});
      if (name in ofKind) continue;
      ofKind[name] = all[kind]?.[name];
      open.push(ofKind[name]);
    }
  }
  return found;
}

function parameterCount(path: string): number {
  return path.split("{").length - 1;
}
