/** Writes a MILP in the CPLEX LP format, for people, for tests and for other solvers. */
import type { LinearExpression } from "./linear-expression.ts";
import type { Column, MilpModel, Row } from "./milp-model.ts";

/** LP names may not hold brackets of any kind, blanks or operators: `x[JJ1,NC6,2]` becomes `x(JJ1,NC6,2)`. */
export function lpName(name: string): string {
  return name
    .replaceAll("[", "(")
    .replaceAll("]", ")")
    .replaceAll("-", "~")
    .replace(/[^A-Za-z0-9_.,()!#$%&?@{}~']/g, "_")
    .replace(/^(?=[0-9.eE])/, "_");
}

/** The model as LP text; equal models give equal text. */
export function lpText(model: MilpModel): string {
  const names = model.columns.map((column) => lpName(column.name));
  const objective = model.columns.map((column, index) => ({ column: index, coefficient: column.cost }));
  return [
    `\\ ${model.name}`,
    "Minimize",
    ` cost: ${terms(objective, names)}`,
    "Subject To",
    ...model.rows.flatMap((row) => rowLines(row, names)),
    "Bounds",
    ...model.columns.map((column, index) => ` ${boundText(column, names[index] ?? "")}`),
    ...integerSection(model.columns, names),
    "End",
    "",
  ].join("\n");
}

function terms(expression: LinearExpression, names: readonly string[]): string {
  const text = expression
    .filter((term) => term.coefficient !== 0)
    .map(
      (term) =>
        `${term.coefficient < 0 ? "-" : "+"} ${Math.abs(term.coefficient)} ${names[term.column] ?? ""}`,
    )
    .join(" ");
  return text === "" ? `0 ${names[0] ?? "x"}` : text;
}

function rowLines(row: Row, names: readonly string[]): readonly string[] {
  const name = lpName(row.name);
  const left = terms(row.terms, names);
  if (row.lower === row.upper) return [` ${name}: ${left} = ${row.upper}`];
  const lines: string[] = [];
  if (row.upper < Infinity) lines.push(` ${name}: ${left} <= ${row.upper}`);
  if (row.lower > -Infinity)
    lines.push(` ${name}${lines.length > 0 ? "_lower" : ""}: ${left} >= ${row.lower}`);
  return lines;
}

function boundText(column: Column, name: string): string {
  const bound = (value: number): string =>
    value === Infinity ? "+inf" : value === -Infinity ? "-inf" : `${value}`;
  return `${bound(column.lower)} <= ${name} <= ${bound(column.upper)}`;
}

function integerSection(columns: readonly Column[], names: readonly string[]): readonly string[] {
  const integers = names.filter((_, index) => columns[index]?.domain === "integer");
  return integers.length === 0 ? [] : ["Generals", ...integers.map((name) => ` ${name}`)];
}
