/**
 * Hald's cement data: heat of hardening y (calories per gram) and percentages of four compounds x1 to x4 of 13 cements.
 * Woods, Steinour and Starke, Industrial and Engineering Chemistry 24 (1932), as in Draper and Smith, Applied Regression Analysis,
 * table 15.1, and in aMLLibrary's inputs; facts without a licence.
 */
const ROWS = [
  [7, 26, 6, 60, 78.5],
  [1, 29, 15, 52, 74.3],
  [11, 56, 8, 20, 104.3],
  [11, 31, 8, 47, 87.6],
  [7, 52, 6, 33, 95.9],
  [11, 55, 9, 22, 109.2],
  [3, 71, 17, 6, 102.7],
  [1, 31, 22, 44, 72.5],
  [2, 54, 18, 22, 93.1],
  [21, 47, 4, 26, 115.9],
  [1, 40, 23, 34, 83.8],
  [11, 66, 9, 12, 113.3],
  [10, 68, 8, 12, 109.4],
];

const column = (index: number): readonly number[] => ROWS.map((row) => row[index] ?? NaN);

/** x1 to x4. */
export const HALD_FEATURES = [0, 1, 2, 3].map((index) => ({ name: `x${index + 1}`, values: column(index) }));
/** y. */
export const HALD_HEAT = column(4);
