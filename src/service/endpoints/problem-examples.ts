/** One example of each documented kind of problem. */
import type { InputProblem } from "../../catalog/input-problem.ts";
import type { Problem, ProblemKind } from "../problem-details.ts";
import { RequestProblem, problemJson } from "../problem-details.ts";

const REQUEST_ID = "5f0e8cbb-8d4e-4a39-9a55-8b1b0e1b6b1a";

const example = (kind: ProblemKind, detail: string, problems: readonly InputProblem[] = []): Problem =>
  problemJson(new RequestProblem(kind, detail, { problems }), REQUEST_ID);

/** By kind; kinds that no documented operation answers with are left out. */
export const PROBLEM_EXAMPLES: Readonly<Record<string, Problem>> = {
  "invalid-input": example("invalid-input", "The body has one problem.", [
    {
      path: "/jobs/0/batchSize",
      value: 0,
      message: 'Too small: expected number to be >=1 (row "JJ1")',
      fix: "Give batchSize a value of at least 1.",
    },
  ]),
  "malformed-request": example(
    "malformed-request",
    "The request cannot be read: Expected ',' or '}' after property value in JSON at position 12.",
  ),
  "unknown-cluster": example("unknown-cluster", "No cluster has the id team-b."),
  unauthorized: example(
    "unauthorized",
    'Send an API key or a JWT as "Authorization: Bearer …"; this service answers nobody without one.',
  ),
  forbidden: example(
    "forbidden",
    "This needs the scope plan; the key 9f86d081884c7d65 has submit. Ask an administrator for a key with the scope plan.",
  ),
  "unknown-job": example("unknown-job", 'No job has the id "JJ7".'),
  "unknown-webhook": example("unknown-webhook", "No webhook has the id wh_3f2a9c0d4e5b6a71."),
  "unknown-comparison": example(
    "unknown-comparison",
    "No comparison has the id 6f0c2f4e-9d3b-4c57-a9d4-0b8f4b1f7f10.",
  ),
  "unknown-campaign": example(
    "unknown-campaign",
    "No campaign has the id 6f0c2f4e-9d3b-4c57-a9d4-0b8f4b1f7f10.",
  ),
  "unknown-key": example("unknown-key", "No API key has the id 9f86d081884c7d65."),
  conflict: example("conflict", "No job of the batch is registered, because ids are taken.", [
    {
      path: "/jobs/0/id",
      value: "JJ1",
      message: "a job with this id is registered already",
      fix: "Use another id, or leave it out.",
    },
  ]),
  "precondition-failed": example(
    "precondition-failed",
    "The request builds on revision 4, and the cluster is at revision 5; read it again.",
  ),
  "body-too-large": example(
    "body-too-large",
    "A body may have 8388608 bytes; split the batch into several requests.",
  ),
  "unsupported-media-type": example(
    "unsupported-media-type",
    "The body's Content-Type is text/plain; send application/json.",
  ),
  "unusable-input": example(
    "unusable-input",
    "No job of the batch is registered, because some of them cannot be planned for.",
    [
      {
        path: "/jobs/0",
        value: { network: "bert-base", batchSize: 512 },
        message:
          "the job fits no VM type of the catalogue (needs 185.2 GiB on each GPU for 512 samples, K80 has 12 GiB)",
        fix: "Use a smaller batch, a catalogue with larger GPUs, or give measuredSecondsPerEpoch.",
      },
    ],
  ),
  "too-many-requests": example(
    "too-many-requests",
    "At most 1200 writes are taken each minute; send the next one in 12 s.",
  ),
  "internal-error": example(
    "internal-error",
    `Nothing is wrong with the request. The log has the cause under correlation id ${REQUEST_ID}.`,
  ),
  "not-ready": example("not-ready", "No plan has been decided yet."),
};
