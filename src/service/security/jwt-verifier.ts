/**
 * JSON Web Tokens of an identity provider, checked against its published keys (JWKS).
 *
 * Claims: `sub` is the principal's id, `scope` has its scopes among others, apart by spaces (RFC 8693), and `berth_clusters` names the
 * clusters it may touch: an array of ids, or "*". A token without that claim touches no cluster.
 */
import type { JWTPayload } from "jose";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { z } from "zod";
import { secondsToMilliseconds } from "../../domain/units.ts";
import { RequestProblem } from "../problem-details.ts";
import type { ClusterAccess, Principal } from "./principal.ts";
import { SCOPES } from "./principal.ts";

/** Whose tokens are good here; all three are compared exactly. */
export interface JwtSettings {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** How keys are fetched; the defaults suit a provider on the Internet. */
export interface JwksFetching {
  /** An unknown key id makes the service fetch the keys again, but not sooner than this. */
  readonly cooldownSeconds?: number;
  /** Keys are fetched again after this. */
  readonly maxAgeSeconds?: number;
  readonly timeoutSeconds?: number;
}

export type JwtVerdict =
  | { readonly kind: "valid"; readonly principal: Principal }
  | { readonly kind: "invalid"; readonly reason: string };

/** Checks tokens. Rejects with a RequestProblem (503) while the provider's keys cannot be had: the token may well be good. */
export interface JwtVerifier {
  readonly verify: (token: string) => Promise<JwtVerdict>;
}

/**
 * Signatures with a public key only: with a shared secret (HS256), this service could make tokens itself, and "none" is no signature.
 */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** The provider's clock and this one may differ by so much. */
const CLOCK_TOLERANCE_SECONDS = 30;
const COOLDOWN_SECONDS = 30;
const MAX_AGE_SECONDS = 600;
const TIMEOUT_SECONDS = 5;
/** After the provider failed, it is left alone for so long: otherwise each forged token would make a request to it. */
const RETRY_SECONDS = 5;
/** RFC 7519 leaves the length of a subject open; it goes into every line of the audit log. */
const MAX_SUBJECT_CHARACTERS = 255;

const claimsSchema = z.object({
  sub: z.string().min(1).max(MAX_SUBJECT_CHARACTERS),
  scope: z.string().default(""),
  berth_clusters: z.union([z.literal("*"), z.array(z.string().min(1))]).default([]),
});

/** Whether a bearer token has the shape of a JWT: three parts of base64url. */
export const looksLikeJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);

/** A verifier for the tokens of one issuer; `nowSeconds` is the service's clock. */
export function jwtVerifier(
  settings: JwtSettings,
  nowSeconds: () => number,
  fetching: JwksFetching = {},
): JwtVerifier {
  const keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
    cooldownDuration: secondsToMilliseconds(fetching.cooldownSeconds ?? COOLDOWN_SECONDS),
    cacheMaxAge: secondsToMilliseconds(fetching.maxAgeSeconds ?? MAX_AGE_SECONDS),
    timeoutDuration: secondsToMilliseconds(fetching.timeoutSeconds ?? TIMEOUT_SECONDS),
  });
  let failure: { readonly untilSeconds: number; readonly cause: unknown } | null = null;
  return {
    verify: async (token) => {
      if (failure !== null && !keys.fresh && nowSeconds() < failure.untilSeconds) {
        throw keysUnreachable(settings.jwksUrl, failure.cause);
      }
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer: settings.issuer,
          audience: settings.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(secondsToMilliseconds(nowSeconds())),
          requiredClaims: ["sub", "exp"],
        });
        return verdictOn(payload);
      } catch (error) {
        if (isTokensFault(error)) return { kind: "invalid", reason: error.message };
        failure = { untilSeconds: nowSeconds() + RETRY_SECONDS, cause: error };
        throw keysUnreachable(settings.jwksUrl, error);
      }
    },
  };
}

/** jose's errors that are about the token; all others are about fetching the provider's keys. */
function isTokensFault(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function keysUnreachable(jwksUrl: string, cause: unknown): RequestProblem {
  const reason = cause instanceof Error ? cause.message : String(cause);
  // The address may be an inside one, and the caller is unknown: it is for the log (as the cause), not for the answer.
  const problem = new RequestProblem(
    "not-ready",
    "The token cannot be checked, because its issuer's keys cannot be fetched. Try again, or use an API key.",
    { headers: { "Retry-After": `${RETRY_SECONDS}` } },
  );
  problem.cause = new Error(`${jwksUrl} does not give keys: ${reason}`, { cause });
  return problem;
}

function verdictOn(payload: JWTPayload): JwtVerdict {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) {
    const about = claims.error.issues.map((issue) => issue.path.join(".")).join(", ");
    return { kind: "invalid", reason: `the claim ${about} has not the form that is expected` };
  }
  const { sub, scope, berth_clusters } = claims.data;
  const granted = new Set(scope.split(" "));
  const clusters: ClusterAccess = berth_clusters;
  return {
    kind: "valid",
    principal: { id: sub, kind: "jwt", scopes: SCOPES.filter((one) => granted.has(one)), clusters },
  };
}
