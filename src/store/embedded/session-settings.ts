/** One connection's settings (SET) in the one session: put in force for its turns and taken back after them. */
import type { BackendMessage } from "./backend-message.ts";
import { columns, commandTag } from "./backend-message.ts";
import type { Engine } from "./engine.ts";

/** Settings of a session by name, as `pg_settings` prints them. */
export type SessionSettings = ReadonlyMap<string, string>;

/** Whether statements may have changed settings of the session, by the tags of those that completed. */
export function mayHaveConfigured(answer: readonly BackendMessage[]): boolean {
  return answer.some((message) => message.type === "C" && /^(SET|RESET|DISCARD)\b/.test(commandTag(message)));
}

/** SQL that puts settings in force; `set_config` reads lists such as a search path as SET would. */
export function settingsSql(settings: SessionSettings): string {
  const calls = [...settings].map(
    ([name, value]) => `set_config(${literal(name)}, ${literal(value)}, false)`,
  );
  return `SELECT ${calls.join(", ")}`;
}

/** Reads what the connection that had the turn has set, and gives the session its defaults back. */
export async function takeBackSettings(engine: Engine): Promise<SessionSettings> {
  const rows = await engine.execute(
    "SELECT name, setting FROM pg_settings WHERE source = 'session' AND context <> 'internal'",
  );
  const settings = new Map(
    rows
      .filter(({ type }) => type === "D")
      .map((row) => {
        const [name = "", value = ""] = columns(row);
        return [name, value];
      }),
  );
  // RESET ALL leaves the role as it is, and pg_settings does not tell of it: SET ROLE holds for one turn.
  await engine.execute("RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE");
  return settings;
}

/** Settings that a client asks for as it connects: `options` such as `-c statement_timeout=5s`, and named parameters. */
export function startupSettings(parameters: ReadonlyMap<string, string>): SessionSettings {
  const options = parameters.get("options") ?? "";
  const fromOptions = [...options.matchAll(/(?:^|\s)(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)/g)].map(
    ([, name = "", value = ""]): [string, string] => [
      name.replaceAll("-", "_"),
      value.replace(/\\(.)/g, "$1"),
    ],
  );
  const named = [...parameters].filter(([name]) => !NOT_SETTINGS.has(name) && !name.startsWith("_pq_."));
  return new Map([...fromOptions, ...named]);
}

/** The application's name is shown nowhere, and the encoding is checked by itself. */
const NOT_SETTINGS: ReadonlySet<string> = new Set([
  "user",
  "database",
  "options",
  "replication",
  "application_name",
  "client_encoding",
]);

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
