/** `berth <words>` without a process of its own, which takes seconds; test/end-to-end shows that a process passes words, texts and exit codes through. */
import { vi } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";

/** What a finished command left. */
export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the command line, and gives what it would have printed. */
export async function inThisProcess(...words: readonly string[]): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  const spies = [
    vi.spyOn(console, "log").mockImplementation((text: unknown) => void (stdout += String(text))),
    vi.spyOn(console, "error").mockImplementation((text: unknown) => void (stderr += String(text))),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => (stderr += String(text)) !== ""),
  ];
  try {
    return { exitCode: await runCli(words), stdout, stderr };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
