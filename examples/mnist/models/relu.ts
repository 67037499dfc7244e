// Keeps positive values, and makes the others 0.
import type { Layer } from './layer.ts';
import { matrix, type Matrix } from './matrix.ts';

export class Relu implements Layer {
  readonly parameters = null;
  #outputs: Matrix = matrix(0, 0);

  forward({ rows, columns, values }: Matrix): Matrix {
    this.#outputs = matrix(
      rows,
      columns,
      values.map((value) => Math.max(0, value)),
    );
    return this.#outputs;
  }

  learn(): void {
    // It has no parameters.
  }

  backward({ rows, columns, values }: Matrix): Matrix {
    const { values: outputs } = this.#outputs;
    return matrix(
      rows,
      columns,
      values.map((value, i) => ((outputs[i] ?? NaN) > 0 ? value : 0)),
    );
  }
}
