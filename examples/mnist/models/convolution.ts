// A dense layer that is applied to each small square of an image: at every place where the square fits whole, it gives one output for
// each filter. An image has its values in the order of rows, columns, channels.
import { Dense } from './dense.ts';
import type { Layer } from './layer.ts';
import { matrix, type Matrix } from './matrix.ts';

/** The size of an image, which is a square. */
export interface ImageSize {
  readonly side: number;
  readonly channels: number;
}

/** The small squares: how long a side is, how far they are apart, and how many filters look at each. */
interface Filters {
  readonly side: number;
  readonly stride: number;
  readonly filters: number;
}

export class Convolution implements Layer {
  readonly parameters: Dense['parameters'];
  readonly outputSize: ImageSize;
  readonly #filter: Dense;
  readonly #inputs: number;
  /** The positions of the values of all squares in an image, one square after the other. */
  readonly #positions: Int32Array;

  constructor(image: ImageSize, { side, stride, filters }: Filters) {
    this.#filter = new Dense([side, side, image.channels], filters);
    this.parameters = this.#filter.parameters;
    this.#inputs = image.side * image.side * image.channels;
    this.outputSize = { side: Math.floor((image.side - side) / stride) + 1, channels: filters };
    this.#positions = squaresOf(image, side, stride);
  }

  forward(inputs: Matrix): Matrix {
    const positions = this.#positions;
    const squares = new Float32Array(inputs.rows * positions.length);
    for (let image = 0; image < inputs.rows; image++) {
      const [from, to] = [image * inputs.columns, image * positions.length];
      for (let i = 0; i < positions.length; i++) squares[to + i] = inputs.values[from + (positions[i] ?? 0)] ?? NaN;
    }
    const { side, channels } = this.outputSize;
    const places = side * side;
    const { values } = this.#filter.forward(matrix(inputs.rows * places, positions.length / places, squares));
    return matrix(inputs.rows, places * channels, values);
  }

  learn(gradient: Matrix): void {
    this.#filter.learn(this.#byPlace(gradient));
  }

  backward(gradient: Matrix): Matrix {
    const positions = this.#positions;
    const { values: squares } = this.#filter.backward(this.#byPlace(gradient));
    const result = matrix(gradient.rows, this.#inputs);
    for (let image = 0; image < gradient.rows; image++) {
      const [to, from] = [image * result.columns, image * positions.length];
      for (let i = 0; i < positions.length; i++) {
        const at = to + (positions[i] ?? 0);
        result.values[at] = (result.values[at] ?? NaN) + (squares[from + i] ?? NaN);
      }
    }
    return result;
  }

  #byPlace({ rows, values }: Matrix): Matrix {
    const { side, channels } = this.outputSize;
    return matrix(rows * side * side, channels, values);
  }
}

function squaresOf(image: ImageSize, side: number, stride: number): Int32Array {
  const places = Math.floor((image.side - side) / stride) + 1;
  const positions: number[] = [];
  for (let place = 0; place < places * places; place++) {
    for (let i = 0; i < side * side; i++) {
      const row = stride * Math.floor(place / places) + Math.floor(i / side);
      const column = stride * (place % places) + (i % side);
      for (let channel = 0; channel < image.channels; channel++) {
        positions.push((row * image.side + column) * image.channels + channel);
      }
    }
  }
  return Int32Array.from(positions);
}
