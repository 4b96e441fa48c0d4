import type { z } from "zod";

/** Refuses texts that are in a list more than once, each at its place; for `superRefine`. */
export function noneTwice(texts: readonly string[], context: z.RefinementCtx<readonly string[]>): void {
  texts.forEach((text, index) => {
    const first = texts.indexOf(text);
    if (first === index) return;
    context.addIssue({
      code: "custom",
      path: [index],
      message: `is listed twice, first at index ${first}`,
      params: { fix: "List each once." },
    });
  });
}
