/** Runs tools/profile-layers.py on the CPU where Python has PyTorch, and reads its CSV as a user's profile. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { loadLayerProfile } from "../../src/catalog/layer-profile-csv.ts";
import { loadProfileNetwork } from "../../src/catalog/network-from-profile.ts";
import { networkComplexity } from "../../src/performance/network-complexity.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const script = fileURLToPath(new URL("../../tools/profile-layers.py", import.meta.url));
const candidates = ["python3", "/usr/bin/python3"];
const python = candidates.find((name) => spawnSync(name, ["-c", "import torch"]).status === 0);
if (python === undefined) {
  console.warn(
    "tools/profile-layers.py is not tested: no python3 with PyTorch here (Debian: apt install python3-torch).",
  );
}
const folder = mkdtempSync(join(tmpdir(), "berth-profile-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(words: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(python ?? "python3", [script, ...words], {
    cwd: here,
    encoding: "utf8",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return { status, stderr };
}

const quick = ["--device", "cpu", "--warmup", "1", "--repeats", "3"];

describe.skipIf(python === undefined)("tools/profile-layers.py", () => {
  it("writes a profile that calibration reads, with every module and function of an image network", () => {
    const out = join(folder, "small.csv");
    const summary = join(folder, "small.json");
    const words = ["--module", "nets_for_profile:SmallNet", "--arg", "width=8", "--input", "3x16x16"];
    const { status, stderr } = run([
      ...words,
      "--batch",
      "2,4",
      "--out",
      out,
      "--summary",
      summary,
      ...quick,
    ]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("perf_counter");
    const { rows } = loadLayerProfile(out, { times: "required", unknownKinds: "refuse" });
    const first = rows.filter(({ batchSize }) => batchSize === 2);
    expect(rows).toHaveLength(2 * first.length);
    expect(first.map(({ kind }) => kind)).toEqual([
      "conv",
      "norm",
      "relu",
      "conv",
      "add",
      "relu",
      "conv",
      "relu",
      "concat",
      "pool",
      "pool",
      "dropout",
      "fc",
      "loss",
    ]);
    expect(
      first.every(({ forwardSeconds = 0, backwardSeconds = 0 }) => forwardSeconds > 0 && backwardSeconds > 0),
    ).toBe(true);
    expect(readFileSync(summary, "utf8")).toContain("optimizerStepMilliseconds");
    // Products of the module: conv1 216 · 256, conv2 36 · 8 · 256, side 32 · 256, fc 120.
    expect(networkComplexity(loadProfileNetwork(out, undefined).network).multiplyAccumulates).toBe(
      (216 + 288 + 32) * 256 + 120,
    );
  });

  it("writes sequences, and lists what has no kind", () => {
    const out = join(folder, "text.csv");
    const words = ["--module", "nets_for_profile:SmallText", "--input", "7", "--tokens", "50"];
    const { status, stderr } = run([...words, "--batch", "3", "--out", out, ...quick]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("Bilinear has no kind in the CSV");
    const { rows } = loadLayerProfile(out, { times: "required", unknownKinds: "refuse" });
    expect(rows.map(({ kind }) => kind)).toEqual(["embedding", "recurrent", "norm", "fc", "loss"]);
    expect(rows[1]?.layer).toMatchObject({ input: [7, 12], output: [7, 16] });
  });

  it.each([
    [["--module", "nets_for_profile", "--input", "3x8x8"], "package:factory"],
    [["--module", "nets_for_profile:Missing", "--input", "3x8x8"], "Missing"],
    [["--module", "nets_for_profile:SmallNet", "--input", "3x8xeight"], "--input takes sizes"],
  ])("refuses %j", (words, message) => {
    const { status, stderr } = run([...words, "--out", join(folder, "none.csv")]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
