// Matrices of floats, and their product, which is nearly all of the work of training.

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  /** How far apart neighbors in a column are in `values`, and neighbors in a row. */
  readonly rowStride: number;
  readonly columnStride: number;
}

export function matrix(rows: number, columns: number, values: Float32Array = new Float32Array(rows * columns)): Matrix {
  // V8 keeps a size that came from `**` or Math.sqrt as a double, and then computes all indices with doubles, in twice the time.
  return { rows: rows | 0, columns: columns | 0, values, rowStride: columns | 0, columnStride: 1 };
}

/** The same values, with rows and columns exchanged. */
export function transposed({ rows, columns, values, rowStride, columnStride }: Matrix): Matrix {
  return { rows: columns, columns: rows, values, rowStride: columnStride, columnStride: rowStride };
}

/** Some columns, which share the matrix's memory. */
function columnsOf({ rows, values, rowStride, columnStride }: Matrix, from: number, to: number): Matrix {
  return { rows, columns: to - from, values: values.subarray(from * columnStride), rowStride, columnStride };
}

/** So many columns of the left factor, and rows of the right one, stay in the processor's cache until no sum needs them any more. */
const DEPTH = 64;

/** Adds a · b to a matrix made by `matrix`. */
export function addProduct(sums: Matrix, a: Matrix, b: Matrix): void {
  for (let from = 0; from < a.columns; from += DEPTH) {
    const to = Math.min(from + DEPTH, a.columns);
    addPart(sums, columnsOf(a, from, to), columnsOf(transposed(b), from, to));
  }
}

/** Adds a · bᵀ, in tiles of two rows and four columns, whose eight sums stay in registers. */
function addPart(sums: Matrix, a: Matrix, b: Matrix): void {
  for (let row = 0; row < sums.rows; row += 2) {
    for (let column = 0; column < sums.columns; column += 4) {
      if (row + 2 <= sums.rows && column + 4 <= sums.columns) addTile(sums, a, b, row, column);
      else addCells(sums, a, b, row, column);
    }
  }
}

function addTile({ values, columns }: Matrix, a: Matrix, b: Matrix, row: number, column: number): void {
  const { values: left, rowStride: below, columnStride: leftStep } = a;
  const { values: right, rowStride: beside, columnStride: rightStep } = b;
  // Sums of the upper row and of the lower one.
  let u0 = 0;
  let u1 = 0;
  let u2 = 0;
  let u3 = 0;
  let l0 = 0;
  let l1 = 0;
  let l2 = 0;
  let l3 = 0;
  let i = row * below;
  let j = column * beside;
  for (let k = 0; k < a.columns; k++) {
    const upper = left[i] ?? NaN;
    const lower = left[i + below] ?? NaN;
    const b0 = right[j] ?? NaN;
    const b1 = right[j + beside] ?? NaN;
    const b2 = right[j + 2 * beside] ?? NaN;
    const b3 = right[j + 3 * beside] ?? NaN;
    u0 += upper * b0;
    u1 += upper * b1;
    u2 += upper * b2;
    u3 += upper * b3;
    l0 += lower * b0;
    l1 += lower * b1;
    l2 += lower * b2;
    l3 += lower * b3;
    i += leftStep;
    j += rightStep;
  }
  const at = row * columns + column;
  add(values, at, u0);
  add(values, at + 1, u1);
  add(values, at + 2, u2);
  add(values, at + 3, u3);
  add(values, at + columns, l0);
  add(values, at + columns + 1, l1);
  add(values, at + columns + 2, l2);
  add(values, at + columns + 3, l3);
}

/** The part of a tile that is left at the edge. */
function addCells({ values, rows, columns }: Matrix, a: Matrix, b: Matrix, fromRow: number, fromColumn: number): void {
  for (let row = fromRow; row < Math.min(fromRow + 2, rows); row++) {
    for (let column = fromColumn; column < Math.min(fromColumn + 4, columns); column++) {
      let sum = 0;
      for (let k = 0; k < a.columns; k++) {
        const left = a.values[row * a.rowStride + k * a.columnStride] ?? NaN;
        sum += left * (b.values[column * b.rowStride + k * b.columnStride] ?? NaN);
      }
      add(values, row * columns + column, sum);
    }
  }
}

function add(values: Float32Array, at: number, value: number): void {
  values[at] = (values[at] ?? NaN) + value;
}
