/** Holds the Dockerfile and the systemd unit to the repository and to each other, where neither can be run. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { VARIABLE_NAMES, readConfiguration } from "../../../src/service/configuration.ts";
import { packageViolations } from "../../support/source-rules.ts";
import { STEP_SECONDS } from "../../../src/service/operations/graceful-shutdown.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
/** Where both put the sources. */
const INSTALLED = "/opt/berth/";

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** A Dockerfile's instructions, with continued lines joined and comments left out. */
function instructionsOf(dockerfile: string): readonly Instruction[] {
  return dockerfile
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name, text] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      if (name === undefined || text === undefined) throw new Error(`No instruction: ${line}`);
      return { name, text: text.trim().replaceAll(/\s+/g, " ") };
    });
}

const instructions = instructionsOf(read("Dockerfile"));
const textsOf = (name: string, from: readonly Instruction[] = instructions): readonly string[] =>
  from.filter((entry) => entry.name === name).map(({ text }) => text);
const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
const imageEnvironment = Object.fromEntries(
  textsOf("ENV", lastStage).flatMap((text) => text.split(" ").map((entry) => entry.split("=", 2))),
) as Record<string, string>;
const wordsSchema = z.array(z.string());

/** A unit file's assignments by section; a repeated name has several values. */
function sectionsOf(unit: string): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let current = new Map<string, string[]>();
  for (const line of unit.split("\n").map((text) => text.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, section] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (section !== undefined) sections.set(section, (current = new Map<string, string[]>()));
    else if (name !== undefined && value !== undefined)
      current.set(name, [...(current.get(name) ?? []), value]);
    else throw new Error(`No line of a unit file: ${line}`);
  }
  return sections;
}

const unit = sectionsOf(read("deploy/berth.service"));
const serviceValue = (name: string): string | undefined => unit.get("Service")?.get(name)?.at(-1);
const unitEnvironment = Object.fromEntries(
  (unit.get("Service")?.get("Environment") ?? []).flatMap((text) =>
    text.split(" ").map((entry) => entry.split("=", 2)),
  ),
) as Record<string, string>;

/** What a command line under /opt/berth needs, as paths of the repository. */
const installedPaths = (words: readonly string[]): readonly string[] =>
  words.filter((word) => word.startsWith(INSTALLED)).map((word) => word.slice(INSTALLED.length));

/** Starts that differ from `npm start` only in where they are. */
function expectStart(words: readonly string[]): void {
  const paths = installedPaths(words);
  expect(paths).toHaveLength(1);
  for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true);
  const { scripts } = JSON.parse(read("package.json")) as { scripts: { start: string } };
  expect(`node ${paths[0] ?? ""}`).toBe(scripts.start);
}

describe("the Dockerfile", () => {
  it("pins its base image to one version of Node 20", () => {
    expect(textsOf("FROM")).toHaveLength(2);
    for (const from of textsOf("FROM")) expect(from).toMatch(/^node:20\.\d+\.\d+-\w+-slim( AS \w+)?$/);
  });

  it("installs what package-lock.json says, without the development's packages and without scripts", () => {
    expect(textsOf("RUN")[0]).toMatch(/^npm ci --omit=dev --ignore-scripts/);
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => ({ path, text: read(join("src", path)) }));
    expect(files.length).toBeGreaterThan(50);
    const missing = packageViolations(files, [
      "node:",
      ...Object.keys(dependencies),
      "csv-parse/sync",
      "@electric-sql/pglite/nodefs",
    ]);
    expect(missing).toEqual([]);
  });

  it("copies what exists, and .dockerignore lets it through", () => {
    const ignored = read(".dockerignore").split("\n");
    expect(ignored).toContain("*");
    const sources = textsOf("COPY")
      .filter((text) => !text.startsWith("--from="))
      .flatMap((text) => text.split(" ").slice(0, -1));
    expect(sources).toEqual(expect.arrayContaining(["src", "models", "instances", "package.json"]));
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(ignored, source).toContain(`!${source}`);
    }
    const stages = textsOf("FROM").map((from) => from.split(" AS ")[1]);
    for (const [, stage] of read("Dockerfile").matchAll(/--from=(\w+)/g)) expect(stages).toContain(stage);
  });

  it("compiles the sources while it may write beside them", () => {
    const compiles = lastStage.findIndex(({ text }) => text === '["node", "/opt/berth/bin/compile.js"]');
    expect(lastStage[compiles]?.name).toBe("RUN");
    expect(compiles).toBeGreaterThan(lastStage.findLastIndex(({ name }) => name === "COPY"));
  });

  it("runs as another user than root, who owns the folder with the data", () => {
    const user = lastStage.findIndex(({ name }) => name === "USER");
    expect(lastStage[user]?.text).toBe("node");
    expect(lastStage.slice(user).some(({ name }) => name === "RUN" || name === "COPY")).toBe(false);
    const [volume] = textsOf("VOLUME", lastStage);
    expect(textsOf("RUN", lastStage).join()).toContain(
      `--owner=node --group=node --mode=0700 ${volume ?? "?"}`,
    );
    expect(textsOf("WORKDIR", lastStage)).toEqual([volume]);
    expect(imageEnvironment["BERTH_ADMIN_KEY_FILE"]?.startsWith(`${volume ?? "?"}/`)).toBe(true);
  });

  it("agrees with the configuration, also when a database is named", () => {
    const configuration = readConfiguration(imageEnvironment);
    expect(textsOf("EXPOSE")).toEqual([`${configuration.port}`]);
    expect(configuration).toMatchObject({
      host: "0.0.0.0",
      store: { kind: "embedded", directory: "./berth-data" },
    });
    readConfiguration({ ...imageEnvironment, DATABASE_URL: "postgres://db/berth" });
    for (const name of Object.keys(imageEnvironment)) expect([...VARIABLE_NAMES, "NODE_ENV"]).toContain(name);
  });

  it("starts Node itself, and asks whether it lives", () => {
    const [command] = textsOf("CMD", lastStage);
    const words = wordsSchema.parse(JSON.parse(command ?? ""));
    expect(words[0]).toBe("node");
    expectStart(words);
    const [check] = textsOf("HEALTHCHECK", lastStage);
    const [, json] = /CMD (\[.*\])$/.exec(check ?? "") ?? [];
    const [node, flag, script] = wordsSchema.parse(JSON.parse(json ?? ""));
    expect([node, flag]).toEqual(["node", "-e"]);
    // Nobody listens at this port: the check runs, and says so.
    const checked = spawnSync(process.execPath, ["-e", script ?? ""], {
      env: { PORT: "1" },
      encoding: "utf8",
    });
    expect(checked).toMatchObject({ status: 1, stderr: "" });
  });
});

describe("the systemd unit", () => {
  it("starts what is there, as npm start does", () => {
    const words = serviceValue("ExecStart")?.split(" ") ?? [];
    expect(words[0]).toBe("/usr/bin/node");
    expectStart(words);
    expect(serviceValue("ExecStartPre")).toBe("+/usr/bin/node /opt/berth/bin/compile.js");
    expect(unit.get("Install")?.get("WantedBy")).toEqual(["multi-user.target"]);
  });

  it("is confined to a folder of its own", () => {
    expect(
      Object.fromEntries(
        [
          "DynamicUser",
          "ProtectSystem",
          "ProtectHome",
          "NoNewPrivileges",
          "PrivateTmp",
          "StateDirectory",
          "WorkingDirectory",
          "CapabilityBoundingSet",
          "UMask",
        ].map((name) => [name, serviceValue(name)]),
      ),
    ).toEqual({
      DynamicUser: "yes",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      NoNewPrivileges: "yes",
      PrivateTmp: "yes",
      StateDirectory: "berth",
      WorkingDirectory: "%S/berth",
      CapabilityBoundingSet: "",
      UMask: "0077",
    });
    // V8 needs memory that it may write and run.
    expect(serviceValue("MemoryDenyWriteExecute")).toBeUndefined();
  });

  it("starts again after a failure, but not with a wrong setting, and waits for the shutdown", () => {
    expect(serviceValue("Restart")).toBe("on-failure");
    expect(serviceValue("RestartPreventExitStatus")).toBe("2");
    const { shutdownGraceSeconds } = readConfiguration(unitEnvironment);
    expect(Number(serviceValue("TimeoutStopSec"))).toBeGreaterThan(shutdownGraceSeconds + 4 * STEP_SECONDS);
  });

  it("sets variables that the service reads", () => {
    expect(readConfiguration(unitEnvironment)).toMatchObject({ port: 8080, host: "127.0.0.1" });
    for (const name of Object.keys(unitEnvironment)) expect([...VARIABLE_NAMES, "NODE_ENV"]).toContain(name);
  });

  it("passes systemd-analyze verify", ({ skip }) => {
    const version = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
    if (version.error !== undefined) skip("systemd-analyze is not installed here");
    // The unit's own paths are those of a server; here, this checkout and this Node stand for them.
    const folder = mkdtempSync(join(tmpdir(), "berth-unit-"));
    const path = join(folder, "berth.service");
    const here = read("deploy/berth.service")
      .replaceAll("/usr/bin/node", process.execPath)
      .replaceAll(INSTALLED, root);
    writeFileSync(path, here);
    const good = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
    writeFileSync(path, here.replace("DynamicUser=yes", "DynamicUsr=yes"));
    const bad = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(good.stderr).toBe("");
    expect(good.status).toBe(0);
    expect(bad.stderr).toContain("DynamicUsr");
  });
});
