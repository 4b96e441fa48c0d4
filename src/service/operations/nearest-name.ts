/** Letters to insert, remove or replace to make one name of the other (Levenshtein's distance). */
export function editDistance(from: string, to: string): number {
  // One row of the usual table: the distances of the prefixes of `to` from the prefix of `from` read so far.
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of Array.from(to).entries()) {
      next.push(
        Math.min(
          (row[column] ?? 0) + (letter === other ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      );
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The name that takes the fewest corrections, of several the one that has most of its beginning in common; undefined for no names. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const ranked = names.map((other) => ({
    other,
    distance: editDistance(name, other),
    commonLetters: commonLetters(name, other),
  }));
  return ranked.sort((a, b) => a.distance - b.distance || b.commonLetters - a.commonLetters)[0]?.other;
}

function commonLetters(one: string, other: string): number {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count += 1;
  return count;
}
