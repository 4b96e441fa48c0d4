/** Kinds of layer that a profile may name; docs/layer-profile.md says what each needs. */
export const PROFILE_KINDS = [
  "conv",
  "fc",
  "pool",
  "relu",
  "activation",
  "softmax",
  "norm",
  "loss",
  "add",
  "concat",
  "split",
  "dropout",
  "embedding",
  "recurrent",
  "attention",
  "reshape",
  "input",
] as const;
export type ProfileKind = (typeof PROFILE_KINDS)[number];

const KINDS: ReadonlySet<string> = new Set(PROFILE_KINDS);

/** Whether a word names a known kind. */
export function isProfileKind(word: string): word is ProfileKind {
  return KINDS.has(word);
}

/** Kinds that always compute, so that a time of 0 is a mistake; the others may only hand on a pointer. */
export const COMPUTING_KINDS: ReadonlySet<ProfileKind> = new Set<ProfileKind>([
  "conv",
  "fc",
  "pool",
  "relu",
  "activation",
  "softmax",
  "norm",
  "loss",
  "add",
  "recurrent",
  "attention",
]);
