/** Finds statements that concern more than their own connection: the engine says that a LISTEN ran, but not for which channel. */

/** A change of what a connection listens to. */
export type ListenChange =
  | { readonly kind: "listen"; readonly channel: string }
  | { readonly kind: "unlisten"; readonly channel: string }
  | { readonly kind: "unlisten-all" };

/** Comments, literals and dollar quotes can hold anything; quoted names are kept, since a channel may be one. */
const NOISE = /--[^\n]*|\/\*[\s\S]*?\*\/|(\$\w*\$)[\s\S]*?\1|'(?:[^']|'')*'|("(?:[^"]|"")*")/g;
const STATEMENT = /^\s*(listen|unlisten)\s+(?:("(?:[^"]|"")*")|(\*)|([\p{L}_][\p{L}\p{N}_$]*))\s*$/iu;

/** Changes in the order of their statements. */
export function listenChanges(sql: string): readonly ListenChange[] {
  if (!/listen/i.test(sql)) return [];
  return bareStatements(sql).flatMap((statement): readonly ListenChange[] => {
    const match = STATEMENT.exec(statement);
    if (match === null) return [];
    const [, verb = "", quoted, star, name = ""] = match;
    if (star !== undefined) return verb.toLowerCase() === "unlisten" ? [{ kind: "unlisten-all" }] : [];
    const channel = quoted === undefined ? name.toLowerCase() : quoted.slice(1, -1).replaceAll('""', '"');
    return [{ kind: verb.toLowerCase() === "listen" ? "listen" : "unlisten", channel }];
  });
}

/** Whether a statement would drop what all connections have prepared: DISCARD ALL, DEALLOCATE ALL. */
export function dropsForAll(sql: string): boolean {
  if (!/discard|deallocate/i.test(sql)) return false;
  return bareStatements(sql).some((statement) =>
    /^\s*(discard\s+all|deallocate\s+(prepare\s+)?all)\s*$/i.test(statement),
  );
}

function bareStatements(sql: string): readonly string[] {
  return sql.replace(NOISE, (_match, _tag, quotedName: string | undefined) => quotedName ?? " ").split(";");
}

/** What is listened to after some changes. */
export function listened(
  channels: ReadonlySet<string>,
  changes: readonly ListenChange[],
): ReadonlySet<string> {
  const result = new Set(channels);
  for (const change of changes) {
    if (change.kind === "listen") result.add(change.channel);
    else if (change.kind === "unlisten") result.delete(change.channel);
    else result.clear();
  }
  return result;
}
