/** The API's documentation page (Swagger UI) from the service itself: it works without any outside request. */
import type { Express, RequestHandler } from "express";
import swaggerUi from "swagger-ui-express";
import { methodNotAllowed } from "./route.ts";

/** Mounts /openapi.yaml and /docs. */
export function mountDocs(app: Express, openapi: string): void {
  const refuse = methodNotAllowed(["get"]);
  app
    .route("/openapi.yaml")
    .get((_request, response) => {
      response.type("application/yaml").send(openapi);
    })
    .all(refuse);
  const onlyGet: RequestHandler = (request, response, next) => {
    if (request.method === "GET" || request.method === "HEAD") next();
    else void refuse(request, response, next);
  };
  // validatorUrl null: Swagger UI would otherwise send the document's address to an outside validator.
  const page = swaggerUi.setup(undefined, {
    customSiteTitle: "Berth API",
    swaggerOptions: { url: "/openapi.yaml", validatorUrl: null },
  });
  app.use("/docs", onlyGet, ...swaggerUi.serve, page);
}
