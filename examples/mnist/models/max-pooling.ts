// Keeps the largest of each square of four neighbors.
import type { ImageSize } from './convolution.ts';
import type { Layer } from './layer.ts';
import { matrix, type Matrix } from './matrix.ts';

export class MaxPooling implements Layer {
  readonly parameters = null;
  readonly outputSize: ImageSize;
  /** For each output of an image the positions of the four inputs that it is the largest of. */
  readonly #candidates: Int32Array;
  /** For each output of the batch the position of the input that it was. */
  #chosen = new Int32Array(0);

  constructor({ side, channels }: ImageSize) {
    const half = side / 2;
    this.outputSize = { side: half, channels };
    this.#candidates = Int32Array.from({ length: side * side * channels }, (_, k) => {
      const [output, corner] = [Math.floor(k / 4), k % 4];
      const [row, column] = [Math.floor(output / channels / half), Math.floor(output / channels) % half];
      return ((2 * row + (corner >> 1)) * side + 2 * column + (corner & 1)) * channels + (output % channels);
    });
  }

  forward(inputs: Matrix): Matrix {
    const candidates = this.#candidates;
    const result = matrix(inputs.rows, inputs.columns / 4);
    this.#chosen = new Int32Array(result.values.length);
    for (let output = 0; output < result.values.length; output++) {
      const from = Math.floor(output / result.columns) * inputs.columns;
      const first = 4 * (output % result.columns);
      let chosen = 0;
      let largest = -Infinity;
      for (let k = first; k < first + 4; k++) {
        const at = from + (candidates[k] ?? 0);
        const value = inputs.values[at] ?? NaN;
        if (value <= largest) continue;
        chosen = at;
        largest = value;
      }
      this.#chosen[output] = chosen;
      result.values[output] = largest;
    }
    return result;
  }

  learn(): void {
    // It has no parameters.
  }

  backward({ rows, columns, values }: Matrix): Matrix {
    const result = matrix(rows, 4 * columns);
    for (let output = 0; output < values.length; output++) result.values[this.#chosen[output] ?? NaN] = values[output] ?? NaN;
    return result;
  }
}
