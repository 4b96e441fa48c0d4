/** Closes a union: the compiler refuses the call while a variant is unhandled; at run time it is a bug. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled variant: ${JSON.stringify(value)}`);
}
