/** Commands whose output a document shows print what it shows. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inThisProcess } from "../support/run-command.ts";

const DOCUMENTS = ["README.md", ...readdirSync("docs").map((name) => join("docs", name))].filter((path) =>
  path.endsWith(".md"),
);

const shown = DOCUMENTS.flatMap((path) =>
  [...readFileSync(path, "utf8").matchAll(/```\nnpx berth ([^\n]*)\n```\n\n```\n([\s\S]*?)\n```/g)].map(
    ([, command = "", output = ""]) => ({ path, command, output }),
  ),
);

describe("what documents show of a command", () => {
  it("is found", () => {
    expect(shown.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["README.md", join("docs", "comparisons.md")]),
    );
  });

  it.each(shown)("is what it prints: $path, berth $command", async ({ command, output }) => {
    const { exitCode, stdout } = await inThisProcess(...command.split(" "));
    expect(exitCode).toBe(0);
    // "…" on a line of its own stands for what is left out.
    let from = 0;
    for (const stretch of output.split(/\n\n?…\n/)) {
      const found = stdout.indexOf(stretch, from);
      expect(found === -1 ? stdout.slice(from) : stretch).toContain(stretch);
      from = found + stretch.length;
    }
  });
});
