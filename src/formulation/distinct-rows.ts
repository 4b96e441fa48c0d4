/** Groups equal rows of a matrix of numbers by hashing their bits: linear in its size, no strings. */

/** Groups in the order of their first rows. */
export interface DistinctRows {
  /** Group of each row; −1 for a row of nothing but ∞. */
  readonly classOfRow: Int32Array;
  /** First row of each group. */
  readonly firstRow: Int32Array;
  /** Rows of each group. */
  readonly count: Int32Array;
}

/** Multiplier and shifts of MurmurHash3's 32-bit mixing (A. Appleby, public domain). */
const MIX = 0x9e3779b1;

/** Groups the rows of a matrix; rows of nothing but ∞ are in no group. */
export function distinctRows(
  matrix: Float64Array,
  { rowCount, width }: { readonly rowCount: number; readonly width: number },
): DistinctRows {
  const bits = new Uint32Array(matrix.buffer, matrix.byteOffset, matrix.length * 2);
  // Open addressing at a load of at most one half.
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * rowCount)));
  const groupAt = new Int32Array(capacity).fill(-1);
  const classOfRow = new Int32Array(rowCount).fill(-1);
  const firstRow = new Int32Array(rowCount);
  const count = new Int32Array(rowCount);
  let groups = 0;
  for (let row = 0; row < rowCount; row += 1) {
    if (isEmpty(matrix, row * width, width)) continue;
    let place = hashOf(bits, 2 * row * width, 2 * width) & (capacity - 1);
    for (;;) {
      const group = groupAt[place] ?? -1;
      if (group < 0) {
        groupAt[place] = groups;
        firstRow[groups] = row;
        count[groups] = 1;
        classOfRow[row] = groups;
        groups += 1;
        break;
      }
      if (equalRows(matrix, width, row, firstRow[group] ?? 0)) {
        count[group] = (count[group] ?? 0) + 1;
        classOfRow[row] = group;
        break;
      }
      place = (place + 1) & (capacity - 1);
    }
  }
  return { classOfRow, firstRow: firstRow.slice(0, groups), count: count.slice(0, groups) };
}

function isEmpty(matrix: Float64Array, start: number, width: number): boolean {
  for (let index = start; index < start + width; index += 1) if (matrix[index] !== Infinity) return false;
  return true;
}

function equalRows(matrix: Float64Array, width: number, a: number, b: number): boolean {
  for (let index = 0; index < width; index += 1) {
    if (matrix[a * width + index] !== matrix[b * width + index]) return false;
  }
  return true;
}

function hashOf(bits: Uint32Array, start: number, length: number): number {
  let hash = length;
  for (let index = start; index < start + length; index += 1) {
    hash = Math.imul(hash ^ (bits[index] ?? 0), MIX);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
