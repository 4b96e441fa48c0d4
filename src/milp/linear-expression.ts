/** Linear expressions over the columns of a MILP, as plain data. */

/** coefficient · x[column] */
export interface Term {
  readonly column: number;
  readonly coefficient: number;
}

/** Sum of terms; a column may occur more than once until the expression becomes a row. */
export type LinearExpression = readonly Term[];

/** coefficient · x[column] as an expression. */
export const times = (coefficient: number, column: number): LinearExpression => [{ column, coefficient }];

/** −expression */
export const negated = (expression: LinearExpression): LinearExpression =>
  expression.map((term) => ({ column: term.column, coefficient: -term.coefficient }));

/** One term for each column, sorted by column, zeros dropped. */
export function merged(expression: LinearExpression): LinearExpression {
  const byColumn = new Map<number, number>();
  for (const term of expression) {
    byColumn.set(term.column, (byColumn.get(term.column) ?? 0) + term.coefficient);
  }
  return [...byColumn]
    .filter(([, coefficient]) => coefficient !== 0)
    .sort(([a], [b]) => a - b)
    .map(([column, coefficient]) => ({ column, coefficient }));
}

/** Value of an expression at a point. */
export function valueAt(expression: LinearExpression, point: ArrayLike<number>): number {
  return expression.reduce((total, term) => total + term.coefficient * (point[term.column] ?? NaN), 0);
}
