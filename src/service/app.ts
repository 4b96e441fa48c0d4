import { randomUUID } from "node:crypto";
import express from "express";
import type { Express } from "express";
import helmet from "helmet";
import { pinoHttp } from "pino-http";
import type { Logger } from "pino";
import { paidAnywayPerHourUsd } from "./clusters/cluster-settings.ts";
import { mountDocs } from "./docs-page.ts";
import { errorHandler } from "./error-handler.ts";
import { openapiYaml } from "./openapi-document.ts";
import { measureStore } from "./operations/measure-store.ts";
import type { Metrics } from "./operations/metrics.ts";
import { traceRequests } from "./operations/tracing.ts";
import type { TrustProxy } from "./operations/trust-proxy.ts";
import { RequestProblem } from "./problem-details.ts";
import { mountRoutes } from "./route.ts";
import { accessRoutes } from "./routes/access-routes.ts";
import { campaignRoutes } from "./routes/campaign-routes.ts";
import { clusterRoutes } from "./routes/cluster-routes.ts";
import { comparisonRoutes } from "./routes/comparison-routes.ts";
import { feasibilityRoutes } from "./routes/feasibility-routes.ts";
import { healthRoutes } from "./routes/health-routes.ts";
import { jobRoutes } from "./routes/job-routes.ts";
import { planRoutes } from "./routes/plan-routes.ts";
import { planningRoutes } from "./routes/planning-routes.ts";
import { webhookRoutes } from "./routes/webhook-routes.ts";
import { referenceRoutes } from "./routes/reference-routes.ts";
import type { ServiceContext } from "./routes/service-context.ts";
import { nowOf } from "./routes/service-context.ts";
import type { AuditTrail } from "./security/audit.ts";
import type { Authentication } from "./security/authenticate.ts";
import { authenticate } from "./security/authenticate.ts";
import { authorize } from "./security/authorize.ts";
import { rememberedAccess } from "./security/remembered-access.ts";
import type { RateLimits } from "./security/rate-limits.ts";
import { rateLimits } from "./security/rate-limits.ts";

/**
 * Everything from the service itself: no page of it may ask another host. Swagger UI needs inline styles and its icons as data.
 * Requests are not upgraded to HTTPS, because the service speaks HTTP behind 127.0.0.1.
 */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", "data:"],
    objectSrc: ["'none'"],
    baseUri: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

const METRICS_PATH = "/metrics";

/** What stands before the routes; see docs/decisions/0012. */
export interface Guards {
  readonly authentication: Authentication;
  readonly audit: AuditTrail;
  readonly rateLimits: RateLimits;
  readonly metrics: Metrics;
  readonly trustProxy: TrustProxy;
}

/** The HTTP face of a service. */
export function createApp(context: ServiceContext, guards: Guards, logger: Logger): Express {
  const { metrics } = guards;
  const app = express();
  app.set("etag", false);
  app.set("trust proxy", guards.trustProxy);
  app.use(metrics.requests);
  app.use(pinoHttp({ logger, ...REQUEST_LOG }));
  app.use(traceRequests());
  app.use(helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY, strictTransportSecurity: false }));
  app.use((request, response, next) => {
    if (typeof request.id === "string") response.set("X-Request-Id", request.id);
    next();
  });
  app.use(guards.audit.middleware);
  const identify = authenticate(guards.authentication);
  const identifyAnyway = authenticate(rememberedAccess(guards.authentication));
  app.use((request, response, next) =>
    (request.path === METRICS_PATH ? identifyAnyway : identify)(request, response, next),
  );
  for (const limit of rateLimits(guards.rateLimits)) app.use(limit);
  app.get(
    METRICS_PATH,
    authorize({ scope: "submit", clusterOf: () => "*" }),
    measureStore(
      {
        store: context.store,
        logger,
        paidAnywayPerHourUsd: (cluster) =>
          paidAnywayPerHourUsd(cluster, context.reference, nowOf(cluster, context.clock)),
      },
      metrics,
    ),
    metrics.page,
  );
  mountRoutes(app, [
    ...clusterRoutes(context, metrics),
    ...jobRoutes(context),
    ...planningRoutes(context),
    ...planRoutes(context),
    ...feasibilityRoutes(context),
    ...comparisonRoutes(context, metrics),
    ...campaignRoutes(context, metrics),
    ...webhookRoutes(context),
    ...accessRoutes(context),
    ...referenceRoutes(context),
    ...healthRoutes(context),
  ]);
  mountDocs(app, openapiYaml());
  app.use((request) => {
    throw new RequestProblem("unknown-route", `Nothing is at ${request.path}; /docs lists what there is.`);
  });
  app.use(errorHandler(logger));
  return app;
}

const REQUEST_LOG = {
  // Our own id, never the client's: it goes into the log.
  genReqId: () => randomUUID(),
  // Headers stay out of the log: they may hold credentials.
  serializers: {
    req: ({ id, method, url }: { id: unknown; method: unknown; url: unknown }) => ({ id, method, url }),
    res: ({ statusCode }: { statusCode: unknown }) => ({ statusCode }),
  },
};
