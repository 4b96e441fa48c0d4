/** The README's worked example of the service, as it stands there: copied, pasted, and answered as promised. */
import { spawn, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { README } from "../support/readme.ts";
import { until } from "../support/until.ts";
import { finished, startService } from "./run-process.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** The shell commands of a section, block by block. */
function commandsOf(heading: string): readonly string[] {
  const section = README.split(`### ${heading}\n`)[1]?.split("\n### ")[0] ?? "";
  return [...section.matchAll(/```\n([\s\S]*?)```/g)].flatMap((block) =>
    (block[1] ?? "").split(/\n(?=curl)/),
  );
}

async function pasted(command: string, url: string): Promise<string> {
  const child = spawn("bash", ["-c", command.replaceAll("http://127.0.0.1:8080", url)]);
  return (await finished(child)).stdout;
}

describe("the README's service for a team (needs curl)", () => {
  it.runIf(hasCurl)("can be pasted line by line", async () => {
    const service = await startService({});
    try {
      const [submit = "", watch = "", history = "", compare = "", schedule = "", ...more] =
        commandsOf("A service for a team");
      expect(more).toEqual([]);
      const submitted = await pasted(submit, service.url);
      expect(JSON.parse(submitted)).toMatchObject({ jobIds: ["night-run"] });
      expect(await pasted(submit, service.url)).toBe(submitted);
      expect(await pasted(watch, service.url)).toMatch(/event: plan\ndata: \{"revision":3/);
      expect(await pasted(history, service.url)).toContain("It was submitted, due at 2030-01-01T07:00:00Z.");
      const posted = JSON.parse(await pasted(compare, service.url)) as { readonly id: string };
      const result = await until(async () => {
        const answer = await fetch(`${service.url}/v1/comparisons/${posted.id}`);
        const body = (await answer.json()) as { readonly status: string };
        return body.status === "done" || body.status === "failed" ? body : undefined;
      });
      expect(result).toMatchObject({ status: "done" });
      expect(JSON.parse(await pasted(schedule, service.url))).toMatchObject({
        configuration: { schedules: [{ expression: "0 7 * * 1-5", zone: "Europe/Rome" }] },
      });
    } finally {
      service.process.kill("SIGTERM");
    }
    expect((await service.ended).exitCode).toBe(0);
  });
});
